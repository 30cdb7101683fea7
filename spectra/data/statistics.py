"""What the values of a data set are like: by side and between sides, in one pass and in bounded memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectra.data.catalogue import Catalogue, Place
from spectra.data.percentiles import RAW, Spread
from spectra.data.pictures import to_picture
from spectra.data.reader import Reader
from spectra.data.sets.facts import Facts
from spectra.errors import SpectraError

Told = Callable[[str, int, int], None]
SHARES = (0.1, 1, 5, 25, 50, 75, 95, 99, 99.9)
BINS = 64


@dataclass(frozen=True)
class SideStatistics:
    """One side, in the values of its files; NaN and infinite values are left out and counted, and so is what a file
    itself marks as no data."""

    images: int
    pixels: int
    mean: tuple[float, ...]
    """By band."""
    deviation: tuple[float, ...]
    low: float
    high: float
    percentiles: Mapping[float, float]
    histogram: tuple[int, ...]
    """Values of all bands in `BINS` equal steps between the 0.1st and 99.9th percentile; what lies outside is in the
    first and the last."""
    edges: tuple[float, float]
    not_finite: int
    marked: int
    """Pixels that their file marks as no data."""


@dataclass(frozen=True)
class Relation:
    """How two sides go together, by the mean of their bands."""

    one: str
    other: str
    pooled: float
    """Pearson's correlation over the pixels of all places."""
    median: float
    """The median over places of each place's own correlation."""
    places: int


@dataclass(frozen=True)
class Statistics:
    sides: Mapping[str, SideStatistics]
    relations: Sequence[Relation]
    left_out: Sequence[str]
    """What could not be read, and why."""

    def as_json(self) -> dict[str, Any]:
        sides = {
            side: {**vars(it), "percentiles": {f"{share:g}": value for share, value in it.percentiles.items()}}
            for side, it in self.sides.items()
        }
        return {"sides": sides, "relations": [vars(it) for it in self.relations], "left_out": list(self.left_out)}


def measure(catalogue: Catalogue, told: Told = lambda what, done, total: None) -> Statistics:
    """The statistics of every image of a data set."""
    sides: dict[str, _Side] = defaultdict(_Side)
    relations: dict[tuple[str, str], _Relation] = defaultdict(_Relation)
    left_out: list[str] = []
    for count, place in enumerate(catalogue.places, start=1):
        greys: dict[str, NDArray[np.float64]] = {}
        for side, image, mark in _images(place, left_out):
            known = _known(image, mark)
            sides[side].add(image, known)
            grey = image.mean(axis=2, dtype=np.float64)
            greys.setdefault(side, grey if known is None else np.where(known, grey, np.nan))
        for one, other in combinations([side for side in catalogue.sides if side in greys], 2):
            if greys[one].shape == greys[other].shape:
                relations[one, other].add(greys[one], greys[other])
        told("measure the images", count, len(catalogue.places))
    return Statistics(
        {side: sides[side].result() for side in catalogue.sides if sides[side].images},
        [relation.result(*names) for names, relation in relations.items() if relation.places],
        left_out,
    )


def _images(place: Place, left_out: list[str]) -> Iterator[tuple[str, NDArray[Any], float | None]]:
    """Each with the value by which its file marks pixels without data."""
    facts = Facts(Reader())
    for side, files in place.images.items():
        for file in files:
            try:
                yield side, facts.reader.array(file), facts.mark(file)
            except SpectraError as why:
                left_out.append(str(why))


def _known(image: NDArray[Any], mark: float | None) -> NDArray[np.bool_] | None:
    """Where not all bands hold the mark; None where there is none, or it is NaN, which counts as not finite."""
    return None if mark is None or np.isnan(mark) else ~(image == image.dtype.type(mark)).all(axis=2)


@dataclass
class _Side:
    images: int = 0
    count: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    mean: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    squares: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    low: float = np.inf
    high: float = -np.inf
    not_finite: int = 0
    marked: int = 0
    spread: Spread = field(default_factory=Spread)

    def add(self, image: NDArray[Any], known: NDArray[np.bool_] | None = None) -> None:
        values = image.reshape(-1, image.shape[2])
        if known is not None:
            values = values[known.ravel()]
            self.marked += known.size - len(values)
        finite = np.isfinite(values).all(axis=1) if image.dtype == np.float32 else None
        if finite is not None and not finite.all():
            self.not_finite += int(values.size - np.count_nonzero(np.isfinite(values)))
            values = values[finite]
        self.images += 1
        if len(values):
            self._merge(values)
            self.spread.add(to_picture(np.ascontiguousarray(values[:, None]), RAW))

    def _merge(self, values: NDArray[Any]) -> None:
        """Chan's way to join means and squares, which loses no digits however many images come."""
        bands = values.shape[1]
        if len(self.mean) < bands:
            more = (0, bands - len(self.mean))
            self.count = np.pad(self.count, more)
            self.mean, self.squares = np.pad(self.mean, more), np.pad(self.squares, more)
        mean = values.mean(axis=0, dtype=np.float64)
        squares = ((values - mean) ** 2).sum(axis=0)
        here, there = len(values), self.count[:bands]
        delta, total = mean - self.mean[:bands], there + here
        self.mean[:bands] += delta * here / total
        self.squares[:bands] += squares + delta**2 * there * here / total
        self.count[:bands] = total
        self.low, self.high = min(self.low, float(values.min())), max(self.high, float(values.max()))

    def result(self) -> SideStatistics:
        if not len(self.mean):
            return SideStatistics(
                self.images, 0, (), (), np.nan, np.nan, {}, (), (np.nan, np.nan), self.not_finite, self.marked
            )
        percentiles = {share: self.spread.percentiles(share, share)[0] for share in SHARES}
        edges = percentiles[SHARES[0]], percentiles[SHARES[-1]]
        return SideStatistics(
            self.images,
            int(self.count.max()),
            tuple(self.mean.tolist()),
            tuple(np.sqrt(self.squares / self.count).tolist()),
            self.low,
            self.high,
            percentiles,
            self.spread.histogram(*edges, BINS),
            edges,
            self.not_finite,
            self.marked,
        )


@dataclass
class _Relation:
    sums: NDArray[np.float64] = field(default_factory=lambda: np.zeros(6))
    each: list[float] = field(default_factory=list)
    places: int = 0

    def add(self, one: NDArray[np.float64], other: NDArray[np.float64]) -> None:
        known = np.isfinite(one) & np.isfinite(other)
        x, y = one[known], other[known]
        if not len(x):
            return
        self.places += 1
        self.sums += np.array([len(x), x.sum(), y.sum(), x @ x, y @ y, x @ y])
        own = _correlation(np.array([len(x), x.sum(), y.sum(), x @ x, y @ y, x @ y]))
        if np.isfinite(own):
            self.each.append(own)

    def result(self, one: str, other: str) -> Relation:
        median = float(np.median(self.each)) if self.each else float("nan")
        return Relation(one, other, _correlation(self.sums), median, self.places)


def _correlation(sums: NDArray[np.float64]) -> float:
    n, x, y, xx, yy, xy = sums
    across = max(n * xx - x * x, 0.0) * max(n * yy - y * y, 0.0)
    return float((n * xy - x * y) / np.sqrt(across)) if across > 0 else float("nan")
