"""FID, its distance and its memory: against the root of a matrix, torch-fidelity, and itself with more images.

python benchmarks/frechet.py [--distance] [--images] [--memory] [--rounds 3] [--threads 1] [--pairs 40] [--side 256]
    [--processor]

Without one of the first three all are measured. Weights are random, from a seed, and the same on both sides: the speed
of a network does not depend on what it knows. What is compared is timed in turns; ratios are of medians of one run.
With `--processor` times are those of the processor, processes of their own included: others on the machine lengthen
them less.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import cv2
import numpy as np
import scipy.linalg
import torch
import torch_fidelity
import torch_fidelity.feature_extractor_inceptionv3 as extractor
from numpy.typing import NDArray
from torch import Tensor, nn

from spectra import weights
from spectra.data.images import read_image
from spectra.metric import Metric, Scored
from spectra.metrics.distribution import inception
from spectra.metrics.distribution.distance import frechet
from spectra.metrics.distribution.inception import inception_passes
from spectra.metrics.distribution.moments import Moments
from spectra.metrics.distribution.passes import Passes
from spectra.metrics.fid import Fid
from spectra.metrics.kid import Kid
from spectra.modalities import Scale

WIDTH, ROWS = 2048, 10_000
FASTER, NOT_SLOWER = 10.0, 1.0
"""At least so many times as fast as the root, and as torch-fidelity."""
GROWTH = 1.0
"""Megabytes for each thousand images beyond those that fill what is kept."""
MATRIX = WIDTH**2 * 8 / 2**20
KEPT = {"fid": 2 * 2048 * WIDTH * 4 / 2**20 + (2 * 9 / 16 + 3) * MATRIX, "kid": 2 * ROWS * WIDTH * 4 / 2**20}
"""Megabytes: the features of the reservoir; of FID the lower halves of two covariances, and three whole matrices while
the distance is taken."""
ROOM = 1.2
"""Times as much may it grow by, for what is left between."""
CLOCK: dict[str, Callable[[], float]] = {"now": time.perf_counter}
COUNTS = (100, 1000, 10_000, 20_000)
PACKAGE: Any = torch_fidelity
EXTRACTOR: Any = extractor
LINALG: Any = scipy.linalg
Matrix = NDArray[np.float64]


def rows(seed: int) -> NDArray[np.float32]:
    """Features as a network's are: positive, correlated, of deviations that fall off."""
    axes = np.linalg.qr(np.random.default_rng(1).normal(size=(WIDTH, WIDTH)))[0]
    spread = np.random.default_rng(seed).normal(size=(ROWS, WIDTH)) * np.arange(1, WIDTH + 1) ** -0.5
    found: NDArray[np.float32] = np.abs(spread @ axes + 0.02 * seed).astype(np.float32)
    return found


def moments_of(features: NDArray[np.float32]) -> Moments:
    found = Moments()
    for row in features:
        found.add(row)
    found.covariance()
    return found


def by_root(one: tuple[Matrix, Matrix], other: tuple[Matrix, Matrix]) -> float:
    """As pytorch-fid, clean-fid and others have it, of means and covariances."""
    root = LINALG.sqrtm(one[1] @ other[1])
    apart = one[0] - other[0]
    return float(apart @ apart + np.trace(one[1]) + np.trace(other[1]) - 2 * np.trace(root.real))


def processor_seconds() -> float:
    """Of this process and of those it waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = CLOCK["now"]()
    found = work()
    return CLOCK["now"]() - start, found


def in_turns(rounds: int, *works: Callable[[], Any]) -> tuple[list[float], list[Any]]:
    """The median seconds of each, and what it found."""
    took: list[list[float]] = [[] for _ in works]
    found: list[Any] = [None for _ in works]
    for _ in range(rounds):
        for place, work in enumerate(works):
            seconds, found[place] = timed(work)
            took[place].append(seconds)
    return [statistics.median(seconds) for seconds in took], found


def distance(rounds: int) -> bool:
    sets = rows(1), rows(2)
    plain = [(one.astype(np.float64).mean(0), np.cov(one.astype(np.float64), rowvar=False)) for one in sets]
    moments = [moments_of(one) for one in sets]
    took, found = in_turns(rounds, lambda: frechet(*moments), lambda: by_root(*plain))
    gathering, _ = in_turns(
        rounds, lambda: moments_of(sets[0]), lambda: np.cov(sets[0].astype(np.float64), rowvar=False)
    )
    ratio, gap = took[1] / took[0], abs(found[0] / found[1] - 1)
    whole = (took[1] + 2 * gathering[1]) / (took[0] + 2 * gathering[0])
    print("| what | spectra, s | other, s | ratio | relative gap |\n|---|---|---|---|---|")
    what = f"{ROWS} features of {WIDTH} dimensions"
    print(f"| distance of the moments of {what}; other: `scipy.linalg.sqrtm` | {took[0]:.2f} | {took[1]:.2f} ", end="")
    print(f"| {ratio:.1f}× | {gap:.0e} |")
    print(
        f"| moments of {what}, one by one; other: `numpy.cov` of all | {gathering[0]:.2f} | {gathering[1]:.2f} ", end=""
    )
    print(f"| {gathering[1] / gathering[0]:.1f}× | |")
    print(
        f"| both sets and their distance | {took[0] + 2 * gathering[0]:.2f} | {took[1] + 2 * gathering[1]:.2f} ", end=""
    )
    print(f"| {whole:.1f}× | |\n", flush=True)
    return ratio >= FASTER and gap < 1e-6


def random_state() -> dict[str, Tensor]:
    class Unloaded(EXTRACTOR.FeatureExtractorInceptionV3):  # type: ignore[misc]
        def load_state_dict(self, *_: Any, **__: Any) -> None:
            return None

    torch.manual_seed(0)
    with patch.object(EXTRACTOR, "load_state_dict_from_url", lambda *_, **__: {}):
        network = Unloaded("random", ["2048"], verbose=False)
    for name, tensor in network.named_parameters():
        if tensor.ndim > 1:
            nn.init.kaiming_normal_(tensor)
        elif name.endswith("bias"):
            nn.init.normal_(tensor, std=0.1)
    return dict(network.state_dict())


def write_folders(folder: Path, pairs: int, side: int) -> tuple[Path, Path]:
    random = np.random.default_rng(0)
    found = folder / "predictions", folder / "targets"
    for place, one in enumerate(found):
        one.mkdir()
        for number in range(pairs):
            coarse = random.random((side // 8, side // 8, 3)) ** (1 + place)
            picture = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC).clip(0, 1)
            cv2.imwrite(str(one / f"{number:05d}.png"), (picture * 255).round().astype(np.uint8))
    return found


def scored(predictions: Path, targets: Path) -> Iterator[Scored]:
    for prediction in sorted(predictions.iterdir()):
        pair = [
            torch.from_numpy(read_image(path)).permute(2, 0, 1).float() / 255
            for path in (prediction, targets / prediction.name)
        ]
        yield Scored(pair[0], pair[1], pair[1], prediction.name, "", Scale(0, 255))


def ours(folders: tuple[Path, Path]) -> float:
    """Each image by itself, as a bench does it."""
    metric = Fid(Fid.Settings())
    for item in scored(*folders):
        metric.update(item)
    return metric.result().value or 0.0


def theirs(folders: tuple[Path, Path], file: Path, batch: int, workers: bool) -> float:
    found = PACKAGE.calculate_metrics(
        input1=str(folders[0]),
        input2=str(folders[1]),
        fid=True,
        cuda=False,
        verbose=False,
        cache=False,
        batch_size=batch,
        save_cpu_ram=not workers,
        feature_extractor_weights_path=str(file),
    )
    return float(found["frechet_inception_distance"])


def images(rounds: int, pairs: int, side: int) -> bool:
    with tempfile.TemporaryDirectory() as place:
        folder, state = Path(place), random_state()
        folders, file = write_folders(folder, pairs, side), folder / "random.pth"
        torch.save(state, file)

        def own() -> float:
            inception_passes.cache_clear()  # so that the network is made in both
            with patch.object(weights, "load", lambda _: torch.load(file, weights_only=True)):
                return ours(folders)

        print(
            "| torch-fidelity's batch | spectra, s | torch-fidelity, s | ratio | relative gap |\n|---|---|---|---|---|"
        )
        good = True
        for batch, workers in ((1, False), (64, False), (64, True)):
            took, found = in_turns(rounds, own, partial(theirs, folders, file, batch, workers))
            ratio, gap = took[1] / took[0], abs(found[0] / found[1] - 1)
            readers = ", 4 readers" if workers else ""
            print(f"| {batch}{readers} | {took[0]:.1f} | {took[1]:.1f} | {ratio:.2f}× | {gap:.0e} |", flush=True)
            good &= ratio >= NOT_SLOWER and gap < 1e-3
    print(f"\n{pairs} pairs of {side}×{side}, read from PNG; the network made, both sets seen, the distance.\n")
    return good


def fed(kind: type[Metric], count: int) -> None:
    """What one process comes to at most, of metrics with a network that costs nothing: prints megabytes."""

    def features(shown: Tensor) -> Tensor:
        return shown.mean((1, 2, 3))[:, None].mul(torch.arange(1, WIDTH + 1) * 1e3).sin().abs()

    passes = Passes(features, lambda image: image, "cpu")
    vars(inception)["inception_passes"] = lambda width, device: passes
    metric = kind(kind.Settings())
    random = torch.Generator().manual_seed(0)
    for number in range(count):
        target, prediction = (torch.rand(3, 32, 32, generator=random) for _ in range(2))
        metric.update(Scored(prediction, target, target, f"{number:06d}", "", Scale(0, 255)))
    metric.result(), metric.parts()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def memory() -> bool:
    print(f"| most memory, MB | {' | '.join(f'{count} images' for count in COUNTS)} |\n|---{'|---' * len(COUNTS)}|")
    good = True
    for name in ("fid", "kid"):
        found = []
        for count in COUNTS:
            words = [sys.executable, __file__, "--fed", name, str(count)]
            found.append(float(subprocess.run(words, check=True, capture_output=True, text=True).stdout))
        print(f"| `{name}` | {' | '.join(f'{megabytes:.0f}' for megabytes in found)} |", flush=True)
        good &= found[-1] - found[-2] <= GROWTH * (COUNTS[-1] - COUNTS[-2]) / 1000
        good &= found[-1] - found[0] <= ROOM * KEPT[name]
    kept = ", ".join(f"`{name}` {megabytes:.0f} MB" for name, megabytes in KEPT.items())
    print(f"\nOf features of {WIDTH} dimensions, with a network that costs nothing; with the result and its parts.")
    print(f"What is kept, and the matrices of the distance, once all of it is filled: {kept}.")
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("distance", "images", "memory"):
        parser.add_argument(f"--{name}", action="store_true")
    for name, default in (("rounds", 3), ("threads", 1), ("pairs", 40), ("side", 256)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--processor", action="store_true")
    parser.add_argument("--fed", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    if given.processor:
        CLOCK["now"] = processor_seconds
    if given.fed:
        fed(Fid if given.fed[0] == "fid" else Kid, int(given.fed[1]))
        return 0
    every = not (given.distance or given.images or given.memory)
    good = [
        distance(given.rounds) if every or given.distance else True,
        images(given.rounds, given.pairs, given.side) if every or given.images else True,
        memory() if every or given.memory else True,
    ]
    return int(not all(good))


if __name__ == "__main__":
    sys.exit(main())
