"""PSNR, SSIM, RMSE and MAE of image pairs, ours against scikit-image: the ratio of medians, timed in turns in one run.

python benchmarks/metrics.py [--pairs 500] [--side 512] [--channels 1] [--threads 1]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from skimage import metrics as skimage_metrics

from spectra.metric import Metric, Scored
from spectra.metrics.mae import Mae
from spectra.metrics.psnr import Psnr
from spectra.metrics.rmse import Rmse
from spectra.metrics.ssim import Ssim
from spectra.modalities import Scale

Scores = tuple[float, ...]
REFERENCE: Any = skimage_metrics  # which has no types
SCALE = Scale(0, 255)


def pair(seed: int, side: int, channels: int) -> Scored:
    random = np.random.default_rng(seed)
    coarse = torch.from_numpy(random.random((1, channels, side // 8, side // 8), dtype=np.float32))
    target = torch.nn.functional.interpolate(coarse, size=(side, side), mode="bilinear")[0]
    noise = torch.from_numpy(random.normal(0, 0.05, target.shape).astype(np.float32))
    levels = [torch.round(image.clamp(0, 1) * 255) / 255 for image in (target + noise, target)]
    return Scored(levels[0], levels[1], levels[1], str(seed), "", SCALE)


def ours(metrics: list[Metric], item: Scored) -> Scores:
    return tuple(metric.update(item) or 0.0 for metric in metrics)


def theirs(item: Scored) -> Scores:
    """The same four numbers as a user of scikit-image and NumPy takes them, whole windows only."""
    prediction, target = (image.numpy().astype(np.float64) for image in (item.prediction, item.target))
    error = prediction - target
    return (
        REFERENCE.peak_signal_noise_ratio(target, prediction, data_range=1),
        statistics.fmean(similarity(a, b) for a, b in zip(prediction, target, strict=True)),
        float(np.sqrt(np.mean(error**2))) * SCALE.span,
        float(np.mean(np.abs(error))) * SCALE.span,
    )


def similarity(prediction: NDArray[np.float64], target: NDArray[np.float64]) -> float:
    settings = {"data_range": 1, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    return float(REFERENCE.structural_similarity(prediction, target, **settings))


def timed(work: Callable[[], Scores]) -> tuple[float, Scores]:
    start = time.perf_counter()
    scores = work()
    return time.perf_counter() - start, scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("pairs", 500), ("side", 512), ("channels", 1), ("threads", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    metrics: list[Metric] = [kind(kind.Settings()) for kind in (Psnr, Ssim, Rmse, Mae)]
    own, other, gap = [], [], 0.0
    for seed in range(given.pairs):
        item = pair(seed, given.side, given.channels)
        own_time, own_scores = timed(lambda item=item: ours(metrics, item))  # type: ignore[misc]
        other_time, other_scores = timed(lambda item=item: theirs(item))  # type: ignore[misc]
        own.append(own_time)
        other.append(other_time)
        gap = max([gap, *(abs(a - b) / abs(b) for a, b in zip(own_scores, other_scores, strict=True))])
    seconds = statistics.median(own), statistics.median(other)
    size = f"{given.pairs} pairs of {given.channels}×{given.side}×{given.side}, {given.threads} threads"
    print("| what | spectra, ms | scikit-image, ms | ratio | largest relative gap |\n|---|---|---|---|---|")
    print(
        f"| psnr + ssim + rmse + mae, {size} | {seconds[0] * 1e3:.1f} | {seconds[1] * 1e3:.1f} "
        f"| {seconds[1] / seconds[0]:.1f}× | {gap:.1e} |"
    )


if __name__ == "__main__":
    main()
