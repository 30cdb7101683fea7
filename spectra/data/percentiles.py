"""Scales whose limits are percentiles of the train split."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from spectra.data.pairs import Picture
from spectra.errors import DataError
from spectra.modalities import Scale

MOST_FLOATS = 2**24
"""Values of float images that are kept; of more, one in two, in four, ... is."""
RAW = Scale(0, 1, "raw")
"""The scale under which the values of a picture are those of its file."""


def raw(scale: Scale) -> Scale:
    """The values of the file as they are, with the mark for no data that the scale has."""
    return replace(RAW, nodata=scale.nodata)


@dataclass
class Spread:
    """The distribution of values: of integers all of them, counted; of floats as many as fit, drawn evenly.

    Drawn, as every second value in the order of the pixels would be every second column.
    """

    counts: dict[float, int] = field(default_factory=dict)
    floats: list[NDArray[np.float32]] = field(default_factory=list)
    every: int = 1
    kept: int = 0
    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def add(self, picture: Picture) -> None:
        """Take in the valid pixels of one picture, read with a `raw` scale."""
        pixels = picture.pixels if picture.valid is None else picture.pixels[:, picture.valid]
        values = pixels.flatten().numpy()
        if picture.dtype == "float32":
            self._keep(values if self.every == 1 else self._one_of(values, self.every))
            return
        numbers = np.bincount(values.astype(np.int64))
        for value in np.flatnonzero(numbers):
            self.counts[float(value)] = self.counts.get(float(value), 0) + int(numbers[value])

    def _keep(self, values: NDArray[np.float32]) -> None:
        self.floats.append(values)
        self.kept += len(values)
        while self.kept > MOST_FLOATS:
            together = self._one_of(np.concatenate(self.floats), 2)
            self.floats, self.kept, self.every = [together], len(together), self.every * 2

    def _one_of(self, values: NDArray[np.float32], every: int) -> NDArray[np.float32]:
        return values[self.random.random(len(values), np.float32) < 1 / every]

    def percentiles(self, low: float, high: float) -> tuple[float, float]:
        """By straight lines between neighbouring values, as NumPy's `percentile` does."""
        values, weights = self._sorted()
        if not len(values):
            raise DataError("The train split holds no pixel with data, so a scale has no percentiles.")
        ends = np.cumsum(weights)
        found = [_at(values, ends, share / 100 * (ends[-1] - 1)) for share in (low, high)]
        return found[0], found[1]

    def histogram(self, low: float, high: float, bins: int) -> tuple[int, ...]:
        """How many values lie in each of so many equal steps; what lies outside is in the first and the last."""
        values, weights = self._sorted()
        place = np.clip((values - low) / ((high - low) or 1.0) * bins, 0, bins - 1).astype(np.int64)
        return tuple(np.bincount(place, weights, minlength=bins).astype(np.int64).tolist())

    def _sorted(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        counted = np.array(sorted(self.counts.items()), np.float64).reshape(-1, 2)
        kept = np.concatenate([np.zeros(0, np.float32), *self.floats]).astype(np.float64)
        values = np.concatenate([counted[:, 0], kept])
        weights = np.concatenate([counted[:, 1].astype(np.int64), np.full(len(kept), self.every, np.int64)])
        order = np.argsort(values, kind="stable")
        return values[order], weights[order]


def resolved(scale: Scale, pictures: Iterable[Picture], what: str) -> Scale:
    """The scale with the limits that these pictures (read with its `raw` scale) give it."""
    if scale.percentiles is None:
        return scale
    spread = Spread()
    for picture in pictures:
        spread.add(picture)
    low, high = spread.percentiles(*scale.percentiles)
    if not low < high:
        raise DataError(
            f"The scale `{scale}` of the {what} images is empty: both percentiles of the train split are {low:g}. "
            "Choose percentiles further apart, or give limits."
        )
    return Scale(low, high, scale.unit, scale.nodata)


def _at(values: NDArray[np.float64], ends: NDArray[np.int64], rank: float) -> float:
    """The value at a rank that counts from 0 and may lie between two."""
    below, above = np.searchsorted(ends, [int(np.floor(rank)) + 1, int(np.ceil(rank)) + 1])
    share = rank - np.floor(rank)
    return float(values[below] + (values[above] - values[below]) * share)
