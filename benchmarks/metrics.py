"""PSNR, SSIM, RMSE and MAE of image pairs against scikit-image and torchmetrics: ratios of medians, timed in turns in
one run; and what the second method costs, for which the target is known.

python benchmarks/metrics.py [--pairs 500] [--side 512] [--channels 1] [--threads 1]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from skimage import metrics as skimage_metrics
from torch import Tensor
from torchmetrics.functional import image as torchmetrics_image
from torchmetrics.functional import regression as torchmetrics_regression

from spectra.metric import Metric, Scored
from spectra.metrics.mae import Mae
from spectra.metrics.psnr import Psnr
from spectra.metrics.rmse import Rmse
from spectra.metrics.ssim import Ssim
from spectra.modalities import Scale

Scores = tuple[float, ...]
SKIMAGE: Any = skimage_metrics  # which has no types
IMAGE: Any = torchmetrics_image
REGRESSION: Any = torchmetrics_regression
SCALE = Scale(0, 255)
BORDER = 5
"""Half the window: torchmetrics reflects the image around its border, and we take whole windows only."""
METRICS: list[Metric] = [kind(kind.Settings()) for kind in (Psnr, Ssim, Rmse, Mae)]


def pair(seed: int, side: int, channels: int) -> Scored:
    random = np.random.default_rng(seed)
    coarse = torch.from_numpy(random.random((1, channels, side // 8, side // 8), dtype=np.float32))
    target = torch.nn.functional.interpolate(coarse, size=(side, side), mode="bilinear")[0]
    noise = torch.from_numpy(random.normal(0, 0.05, target.shape).astype(np.float32))
    levels = [torch.round(image.clamp(0, 1) * 255) / 255 for image in (target + noise, target)]
    return Scored(levels[0], levels[1], levels[1], str(seed), "", SCALE)


def ours(item: Scored) -> Scores:
    return tuple(metric.update(item) or 0.0 for metric in METRICS)


def of_skimage(item: Scored) -> Scores:
    """The same four numbers as a user of scikit-image and NumPy takes them, whole windows only."""
    prediction, target = (image.numpy().astype(np.float64) for image in (item.prediction, item.target))
    error = prediction - target
    return (
        SKIMAGE.peak_signal_noise_ratio(target, prediction, data_range=1),
        statistics.fmean(similarity(a, b) for a, b in zip(prediction, target, strict=True)),
        float(np.sqrt(np.mean(error**2))) * SCALE.span,
        float(np.mean(np.abs(error))) * SCALE.span,
    )


def similarity(prediction: NDArray[np.float64], target: NDArray[np.float64]) -> float:
    settings = {"data_range": 1, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    return float(SKIMAGE.structural_similarity(prediction, target, **settings))


def of_torchmetrics(item: Scored, kind: torch.dtype = torch.float32) -> Scores:
    """As a user of torchmetrics takes them, but for the border."""
    prediction, target = (image[None].to(kind) for image in (item.prediction, item.target))
    _, windows = IMAGE.structural_similarity_index_measure(prediction, target, data_range=1.0, return_full_image=True)
    inside: Tensor = windows[..., BORDER:-BORDER, BORDER:-BORDER]
    return (
        float(IMAGE.peak_signal_noise_ratio(prediction, target, data_range=1.0)),
        float(inside.mean()),
        float(REGRESSION.mean_squared_error(prediction, target, squared=False)) * SCALE.span,
        float(REGRESSION.mean_absolute_error(prediction, target)) * SCALE.span,
    )


def timed(work: Callable[[Scored], Scores], item: Scored) -> tuple[float, float, Scores]:
    """Wall time, processor time, and what came of it."""
    start, busy = time.perf_counter(), time.process_time()
    scores = work(item)
    return time.perf_counter() - start, time.process_time() - busy, scores


def gap(one: Scores, other: Scores) -> float:
    return max(abs(a - b) / abs(b) for a, b in zip(one, other, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("pairs", 500), ("side", 512), ("channels", 1), ("threads", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    cv2.setNumThreads(given.threads)
    works = {"spectra": ours, "second method": ours, "scikit-image": of_skimage, "torchmetrics": of_torchmetrics}
    walls: dict[str, list[float]] = {name: [] for name in works}
    busy: dict[str, list[float]] = {name: [] for name in works}
    gaps = dict.fromkeys(works, 0.0)
    for seed in range(given.pairs):
        item, scores = pair(seed, given.side, given.channels), {}
        for name, work in works.items():
            fed = replace(item, prediction=item.prediction.clone()) if name == "second method" else item
            wall, processor, scores[name] = timed(work, fed)
            walls[name].append(wall)
            busy[name].append(processor)
        scores["torchmetrics"] = of_torchmetrics(item, torch.float64)  # untimed: in float32 its variances lose digits
        gaps = {name: max(gaps[name], gap(scores["spectra"], scores[name])) for name in works}
    print(f"psnr + ssim + rmse + mae, {given.pairs} pairs of {given.channels}×{given.side}×{given.side}, ", end="")
    print(f"{given.threads} threads; medians\n")
    print("| what | wall, ms | processor, ms | wall ratio | processor ratio | largest relative gap |")
    print("|---|---|---|---|---|---|")
    wall_of, busy_of = ({name: statistics.median(spent[name]) for name in works} for spent in (walls, busy))
    for name in works:
        ratios = wall_of[name] / wall_of["spectra"], busy_of[name] / busy_of["spectra"]
        print(
            f"| {name} | {wall_of[name] * 1e3:.2f} | {busy_of[name] * 1e3:.2f} | {ratios[0]:.2f} | {ratios[1]:.2f} "
            f"| {gaps[name]:.0e} |"
        )


if __name__ == "__main__":
    main()
