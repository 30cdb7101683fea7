"""The floors of a bench computed again, with OpenCV and NumPy alone: PSNR and MAE of copy, inverse, constant, linear.

python benchmarks/floors_by_hand.py BENCH DATA SOURCE TARGET, such as: bench pairs rgb nir

DATA holds SPLIT/SOURCE and SPLIT/TARGET with 8-bit images of equal names; the target has one channel.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LIMIT = 1e-4


def pairs(data: Path, split: str, source: str, target: str) -> Iterator[tuple[Floats, Floats]]:
    """Colours as ``(pixels, channels)`` and the target as ``(pixels,)``."""
    partners = {path.stem: path for path in (data / split / target).iterdir()}
    for path in sorted((data / split / source).iterdir()):
        colours = cv2.imread(str(path), cv2.IMREAD_COLOR)
        grey = cv2.imread(str(partners[path.stem]), cv2.IMREAD_UNCHANGED)
        assert colours is not None and grey is not None, path
        if grey.ndim == 3:
            assert (grey == grey[..., :1]).all(), path
            grey = grey[..., 0]
        yield colours.reshape(-1, 3)[:, ::-1].astype(np.float64), grey.reshape(-1).astype(np.float64)


def fitted(data: Path, source: str, target: str) -> tuple[float, Floats]:
    """The mean of the targets, and the weights of least squares with the bias last."""
    gram, moment, total, count = np.zeros((4, 4)), np.zeros(4), 0.0, 0
    for colours, grey in pairs(data, "train", source, target):
        design = np.c_[colours, np.ones(len(colours))]
        gram, moment = gram + design.T @ design, moment + design.T @ grey
        total, count = total + grey.sum(), count + len(grey)
    return total / count, np.linalg.solve(gram, moment)


def by_hand(data: Path, source: str, target: str) -> dict[str, tuple[float, float]]:
    mean, weights = fitted(data, source, target)
    found: dict[str, list[tuple[float, float]]] = {}
    for colours, grey in pairs(data, "test", source, target):
        guesses = {
            "copy": colours.mean(1),
            "inverse": 255 - colours.mean(1),
            "constant": np.full(len(grey), mean),
            "linear": colours @ weights[:3] + weights[3],
        }
        for name, guess in guesses.items():
            stored = np.clip(np.floor(guess + 0.5), 0, 255)
            mse = ((stored - grey) ** 2).mean()
            found.setdefault(name, []).append((10 * np.log10(255**2 / mse), np.abs(stored - grey).mean()))
    return {
        name: (float(np.mean([p for p, _ in own])), float(np.mean([m for _, m in own]))) for name, own in found.items()
    }


def main() -> int:
    bench, data, source, target = Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:5]
    rows = {row["method"]: row for row in json.loads((bench / "bench.json").read_text(encoding="utf-8"))["rows"]}
    print("| floor | psnr, bench | by hand | mae, bench | by hand |\n|---|---|---|---|---|")
    worst = 0.0
    for name, numbers in by_hand(data, source, target).items():
        said = [rows[name]["scores"][metric]["mean"] for metric in ("psnr", "mae")]
        print(
            f"| {name} | "
            + " | ".join(f"{own:.6f} | {other:.6f}" for own, other in zip(said, numbers, strict=True))
            + " |"
        )
        worst = max(worst, *(abs(own / other - 1) for own, other in zip(said, numbers, strict=True)))
    print(f"\nLargest relative difference {worst:.1e} (limit {LIMIT:g}).")
    return int(worst > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
