"""Mean and covariance of any number of features, in bounded memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from spectra.metrics.distribution.scatter import Matrix, Scatter

Row = NDArray[Any]
"""The features of one image, of any float type: `(width,)`."""


class Moments:
    """Fed one row of features after the other, in float64.

    The rows themselves are kept while they are no more than their width: nothing smaller says the same. Then they are
    folded, by the means and scatters of blocks, which lose no digits where the mean is large. How the rows were
    ordered, or dealt out to shards that are merged, shows in the last digits alone.
    """

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self._folded = 0
        self._mean: Matrix | None = None
        self._scatter: Scatter | None = None

    def __len__(self) -> int:
        return self._folded + len(self.rows)

    @property
    def width(self) -> int:
        if self._mean is not None:
            return len(self._mean)
        return len(self.rows[0]) if self.rows else 0

    @property
    def whole(self) -> bool:
        """Whether every row is still there."""
        return not self._folded

    def add(self, row: Row) -> None:
        self.rows.append(row)
        if len(self.rows) > (self.width if self.whole else _block(self.width)):
            self._fold()

    def merge(self, other: Self) -> None:
        """As if the rows of the other had been added here. The other stays as it is."""
        for row in list(other.rows):
            self.add(row)
        if other._mean is not None and other._scatter is not None:
            self._fold()
            self._join(other._folded, other._mean, other._scatter)

    def mean(self) -> Matrix:
        self._settle()
        return stacked(self.rows).mean(0) if self._mean is None else self._mean

    def centred(self) -> Matrix:
        """Rows whose squares sum to the covariance: those that came, less their mean, over the root of n - 1. Only
        where ``whole``."""
        rows = stacked(self.rows)
        rows -= rows.mean(0)
        rows /= np.sqrt(len(rows) - 1)
        return rows

    def covariance(self) -> Matrix:
        """Unbiased: over n - 1."""
        self._settle()
        if self._scatter is None:
            rows = self.centred()
            return rows.T @ rows
        return self._scatter.over(len(self) - 1)

    def _settle(self) -> None:
        if not self.whole:
            self._fold()

    def _fold(self) -> None:
        block = _block(self.width)
        for start in range(0, len(self.rows), block):
            self._take(stacked(self.rows[start : start + block]))
        self.rows = []

    def _take(self, rows: Matrix) -> None:
        """The moments of a union, of those of its parts (Chan, Golub and LeVeque 1979): the step from one mean to the
        other is one more row."""
        count, mean = len(rows), rows.mean(0)
        if self._mean is None or self._scatter is None:
            self._mean, self._scatter = mean, Scatter(len(mean))
        step, share = mean - self._mean, count / (self._folded + count)
        rows -= mean
        self._scatter.add(np.concatenate([rows, step[None] * np.sqrt(self._folded * share)]))
        self._mean = self._mean + step * share
        self._folded += count

    def _join(self, count: int, mean: Matrix, scatter: Scatter) -> None:
        if self._mean is None or self._scatter is None:
            self._mean, self._scatter = mean, Scatter(len(mean))
        step, share = mean - self._mean, count / (self._folded + count)
        self._scatter.merge(scatter)
        self._scatter.add(step[None] * np.sqrt(self._folded * share))
        self._mean = self._mean + step * share
        self._folded += count


def stacked(rows: Sequence[Row] | Matrix) -> Matrix:
    """One matrix of many rows, in float64."""
    return np.asarray(rows, dtype=np.float64)


def _block(width: int) -> int:
    """How many rows are folded in at once: a quarter of what the moments take."""
    return max(32, width // 4)
