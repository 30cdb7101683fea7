"""All that a curve over grey can learn from pairs: for each level, how many pixels, and the sums of y and y²."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spectra import SpectraError

if TYPE_CHECKING:
    from spectra import Pair, Picture

Numbers = NDArray[np.float64]

BINS = 65_536
BLOCK = 2**18  # pixels


@dataclass(frozen=True)
class Grid:
    """Where the values of a picture lie: integers of a file, taken back exactly, or floats."""

    low: float
    span: float
    whole: bool

    @classmethod
    def of(cls, picture: Picture) -> Grid:
        if picture.step is None:
            return cls(0.0, 1.0, whole=False)
        return cls(picture.scale.limits[0], picture.scale.span, whole=True)

    def values(self, pixels: Tensor) -> Tensor:
        """The numbers of the file; floats stay as they are. Sums of integers carry no rounding, in any order."""
        return (pixels * self.span).add_(self.low).round_() if self.whole else pixels


@dataclass(frozen=True)
class Levels:
    """One entry a level of grey, in ascending order, in the unit interval."""

    gray: Numbers
    count: Numbers
    target: Numbers
    """The sum of y."""
    square: Numbers
    """The sum of y²."""
    text: str
    """How fine the levels are."""

    @property
    def pixels(self) -> float:
        return float(self.count.sum())

    @property
    def mean(self) -> Numbers:
        """E[y | level]."""
        return self.target / self.count

    def loss(self, prediction: Numbers) -> float:
        """The mean squared error of one prediction a level, over all pixels."""
        scatter = np.maximum(self.square - self.target * self.mean, 0)
        return float((scatter + self.count * (prediction - self.mean) ** 2).sum() / self.pixels)

    def share(self, chosen: NDArray[np.bool_]) -> float:
        return float(self.count[chosen].sum() / self.pixels)


class Tally:
    """Counts pair after pair; what it holds does not grow with their number. Each depth has a count of its own."""

    def __init__(self) -> None:
        self._sums: dict[tuple[int, Grid, Grid], Numbers] = {}

    def add(self, pair: Pair) -> None:
        source, target = valid_pixels(pair)
        grid, target_grid = Grid.of(pair.source), Grid.of(pair.target)
        level = _level(source, grid).numpy()
        y = target_grid.values(target[0]).double().numpy()
        counted = [np.bincount(level), np.bincount(level, y), np.bincount(level, y * y)]
        key = (source.shape[0], grid, target_grid)
        self._sums[key] = _longer_sum(self._sums.get(key, np.zeros((3, 0))), np.stack(counted).astype(np.float64))

    def levels(self) -> Levels:
        parts = [_unit(*key, sums) for key, sums in self._sums.items()]
        table = np.concatenate(parts, axis=1) if parts else np.zeros((4, 0))
        table = table[:, table[1] > 0]
        if not table.size:
            raise SpectraError("There is nothing to fit on: the pairs hold no pixel that is valid in both images.")
        gray, count, target, square = table[:, np.argsort(table[0], kind="stable")]
        return Levels(gray, count, target, square, self._text())

    def _text(self) -> str:
        return ", ".join(
            f"{np.count_nonzero(sums[0])} levels"
            if grid.whole
            else f"{BINS} bins over 0..1, with what lies outside in the first and the last"
            for (_, grid, _), sums in sorted(self._sums.items(), key=str)
        )


def count(pairs: Iterable[Pair]) -> Levels:
    tally = Tally()
    for pair in pairs:
        tally.add(pair)
    return tally.levels()


def valid_pixels(pair: Pair) -> tuple[Tensor, Tensor]:
    """Source and target as ``(channels, pixels)``, without those that a mask marks."""
    source, target, valid = pair.source.pixels.flatten(1), pair.target.pixels.flatten(1), pair.valid
    if valid is None:
        return source, target
    return source[:, valid.flatten()], target[:, valid.flatten()]


def blocks(pair: Pair) -> Iterator[tuple[Numbers, Numbers]]:
    """The source as ``(channels, pixels)`` and the target's one channel in float64, a block of pixels at a time."""
    source, target = valid_pixels(pair)
    for x, y in zip(torch.split(source, BLOCK, 1), torch.split(target[0], BLOCK), strict=True):
        yield x.double().numpy(), y.double().numpy()


def _level(source: Tensor, grid: Grid) -> Tensor:
    if grid.whole:
        return grid.values(source).sum(0).long()
    return source.mean(0).clamp_(0, 1).mul_(BINS - 1).round_().long()


def _longer_sum(one: Numbers, other: Numbers) -> Numbers:
    short, long = sorted((one, other), key=lambda sums: sums.shape[1])
    total = long.copy()
    total[:, : short.shape[1]] += short
    return total


def _unit(channels: int, grid: Grid, target: Grid, sums: Numbers) -> Numbers:
    """Gray, count, Σy and Σy² in the unit interval."""
    level = np.arange(sums.shape[1], dtype=np.float64)
    gray = (level / channels - grid.low) / grid.span if grid.whole else level / (BINS - 1)
    n, y, yy = sums
    low, span = target.low, target.span
    return np.stack([gray, n, (y - n * low) / span, (yy - 2 * low * y + n * low**2) / span**2])
