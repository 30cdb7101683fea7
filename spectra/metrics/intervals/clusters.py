"""Values that belong together, as the sum and the count of each group."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Clusters:
    """At least two groups. The mean over images is the sum of ``sums`` over that of ``counts``."""

    sums: NDArray[np.float64]
    counts: NDArray[np.float64]

    def __len__(self) -> int:
        return self.sums.size

    @cached_property
    def mean(self) -> float:
        return float(self.sums.sum() / self.counts.sum())

    @cached_property
    def errors(self) -> NDArray[np.float64]:
        """How far each group pulls the mean, up to a common factor."""
        return self.sums - self.counts * self.mean

    @cached_property
    def equal(self) -> bool:
        """Whether all groups are of one size."""
        return bool(self.counts.min() == self.counts.max())

    @property
    def freedom(self) -> float:
        """Degrees of freedom: one less than the number of equal groups that would tell as much."""
        if self.equal:
            return len(self) - 1
        return max(1.0, float(self.counts.sum() ** 2 / (self.counts**2).sum()) - 1)

    @property
    def shortfall(self) -> float:
        """The standard error by leaving out each group in turn, over that of resamples, which vary too little."""
        number = len(self)
        if self.equal:
            return math.sqrt(number / (number - 1))
        total = self.counts.sum()
        left_out, resampled = ((self.errors / (total - self.counts)) ** 2).sum(), (self.errors**2).sum() / total**2
        return math.sqrt((number - 1) / number * left_out / resampled) if resampled else 1.0


def clustered(values: NDArray[np.float64], groups: Sequence[Hashable] | None = None) -> Clusters:
    """In an order that depends on nothing but the values. Without groups, each value stands alone."""
    if groups is None:
        return Clusters(np.sort(values), np.ones(values.size))
    if len(groups) != values.size:
        raise ValueError(f"{values.size} values need as many groups, not {len(groups)}")
    codes = coded(groups)
    order = np.lexsort((values, codes))
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    sums = np.add.reduceat(values[order], starts) if starts.size else np.empty(0)
    counts = np.diff(starts, append=values.size).astype(np.float64)
    ranked = np.lexsort((counts, sums))
    return Clusters(sums[ranked], counts[ranked])


def coded(groups: Sequence[Hashable]) -> NDArray[np.int64]:
    """A whole number for each group, in the order in which they come."""
    codes: dict[Hashable, int] = {}
    return np.array([codes.setdefault(group, len(codes)) for group in groups], dtype=np.int64)
