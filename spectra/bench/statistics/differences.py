"""Methods against each other on the images that both have a score of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from spectra.bench.statistics.images import ImageScores
from spectra.metrics.intervals.clusters import coded

Couple = tuple[int, int]


@dataclass(frozen=True)
class Scores:
    """(methods, images), NaN where there is no score; images by group, then by name."""

    values: NDArray[np.float64]
    groups: Sequence[str]


@dataclass(frozen=True)
class Differences:
    """Of couples that share the very same images: (couples, images), and the groups of these."""

    couples: list[Couple]
    values: NDArray[np.float64]
    starts: NDArray[np.int64]
    """Where each group begins."""

    @property
    def images(self) -> int:
        return int(self.values.shape[1])

    @property
    def sums(self) -> NDArray[np.float64]:
        return np.add.reduceat(self.values, self.starts, axis=1) if self.images else self.values

    @property
    def counts(self) -> NDArray[np.float64]:
        return np.diff(self.starts, append=self.images).astype(np.float64)


def side_by_side(methods: Sequence[ImageScores]) -> Scores:
    """Of all images that any of them knows."""
    means = [method.mean() for method in methods]
    groups = _groups(methods)
    order = sorted(groups, key=lambda name: (groups[name], name))
    found = [_by_name(mean) for mean in means]
    values = [[_number(one.get(name)) for name in order] for one in found]
    table = np.array(values, dtype=np.float64).reshape(len(methods), len(order))
    return Scores(table, [groups[name] for name in order])


def differences(scores: Scores) -> Iterator[Differences]:
    """Every two methods once; those with the same images together."""
    scored = np.isfinite(scores.values)
    alike: dict[bytes, list[Couple]] = {}
    for one, other in combinations(range(len(scores.values)), 2):
        alike.setdefault((scored[one] & scored[other]).tobytes(), []).append((one, other))
    for mask, couples in alike.items():
        shared = np.frombuffer(mask, dtype=bool)
        values = scores.values[:, shared]
        ones, others = np.array(couples).T
        codes = coded([group for group, kept in zip(scores.groups, shared, strict=True) if kept])
        yield Differences(couples, values[ones] - values[others], np.flatnonzero(np.diff(codes, prepend=-1)))


def _groups(methods: Sequence[ImageScores]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for method in methods:
        for name, group in zip(method.names, method.owners, strict=True):
            if found.setdefault(name, group) != group:
                raise ValueError(f"the image {name!r} is in the group {found[name]!r} and in {group!r}")
    return found


def _by_name(scores: ImageScores) -> dict[str, float | None]:
    return dict(zip(scores.names, scores.values[0], strict=True)) if scores.values else {}


def _number(value: float | None) -> float:
    return np.nan if value is None else value
