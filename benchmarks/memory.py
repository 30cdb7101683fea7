"""The memory of an evaluation: what a process comes to at most after 100, 1000 and 10,000 images, through the harness.

python benchmarks/memory.py [--images 10000] [--side 64] [--deep-side 32] [--only pixel lpips dists swd]

Images are made when they are asked for, and each is judged once; networks have random weights, from a seed. FID and KID
are measured by `benchmarks/frechet.py --memory`. Each row is a process of its own.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import torch
from torch import Tensor

from spectra import weights
from spectra.bench.harness import evaluate
from spectra.bench.method import Judged
from spectra.data.pairs import Pair, Picture
from spectra.modalities import Scale, Task
from spectra.recipe.recipe import EvaluateSettings

ROWS = {
    "pixel": ("psnr", "ssim", "rmse", "mae", "error_std", "angular_error", "spectral_angle", "collapse"),
    "lpips": ("lpips",),
    "dists": ("dists",),
    "swd": ("swd",),
}
DEEP = ("lpips", "dists")
STEPS = (100, 1000, 10_000)
PER_IMAGE = 2.0
"""Kilobytes that may stay of each image: its name, and one number of each metric."""
BYTES = Scale(0, 255)
TASK = Task.parse("nir2rgb")


@dataclass(frozen=True)
class Made:
    """Pairs that are made anew each time; prints the memory on its way."""

    count: int
    side: int

    @property
    def names(self) -> list[str]:
        return [f"{place:06d}" for place in range(self.count)]

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, place: int) -> Pair:
        if place in STEPS:
            told()
        random = torch.Generator().manual_seed(place)
        target = torch.randint(0, 256, (3, self.side, self.side), generator=random) / 255
        name = f"{place:06d}"
        return Pair(name, name, Picture(target[:1], BYTES, "uint8"), Picture(target, BYTES, "uint8"))

    def __iter__(self) -> Iterator[Pair]:
        return map(self.__getitem__, range(self.count))

    def identity(self) -> str:
        return f"{self.count} of {self.side}"


class Darker(Judged):
    """Predicts the target at half its brightness: it costs nothing."""

    def predict(self, pair: Pair) -> Tensor:
        return torch.round(pair.target.pixels * 127) / 255


def told() -> None:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, flush=True)


def one(row: str, images: int, side: int) -> None:
    if row in DEEP:
        import deep_metrics

        deep_metrics.of_lpips("alex") if row == "lpips" else deep_metrics.of_dists()
    method = Darker(name="darker")
    settings = EvaluateSettings(metrics={name: {} for name in ROWS[row]})
    with patch.object(weights, "find", lambda name: Path(name)):
        evaluate([method], Made(images, side), settings, task=TASK)
    told()
    scores = method.scores()
    missing = [name for name in ROWS[row] if scores[name].value is None]
    if missing:
        raise SystemExit(f"not scored: {[(name, scores[name].reason) for name in missing]}")
    told()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("images", 10_000), ("side", 64), ("deep-side", 32)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--only", nargs="+", choices=list(ROWS), default=list(ROWS))
    parser.add_argument("--one", choices=list(ROWS), help=argparse.SUPPRESS)
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.one:
        one(given.one, given.images, given.deep_side if given.one in DEEP else given.side)
        return 0
    counts = [count for count in STEPS if count < given.images] + [given.images]
    heads = [*(f"{count} images" for count in counts), "with the results"]
    print(f"| most memory, MB | {' | '.join(heads)} |\n|---{'|---' * len(heads)}|", flush=True)
    good = True
    for row in given.only:
        found = measured(row, given)
        print(f"| {', '.join(ROWS[row])} | {' | '.join(f'{megabytes:.0f}' for megabytes in found)} |", flush=True)
        good &= row == "swd" or found[-2] - found[0] <= 5 + PER_IMAGE * len(ROWS[row]) * given.images / 1024
    return int(not good)


def measured(row: str, given: argparse.Namespace) -> list[float]:
    words = [sys.executable, __file__, "--one", row, "--images", str(given.images)]
    words += ["--side", str(given.side), "--deep-side", str(given.deep_side)]
    return [float(line) for line in subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()]


if __name__ == "__main__":
    sys.exit(main())
