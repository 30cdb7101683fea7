"""A symmetric matrix in strips of its lower half: half the work to add to, and half the memory."""

from __future__ import annotations

from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
_STRIPS = 8


class Scatter:
    """A sum of ``rows.T @ rows``, of ``(n, width)`` each."""

    def __init__(self, width: int) -> None:
        self.edges = tuple(pairwise(np.linspace(0, width, _STRIPS + 1).astype(int).tolist()))
        self.strips = [np.zeros((stop - start, stop)) for start, stop in self.edges]
        """The rows of the matrix from start to stop, up to the diagonal."""

    def add(self, rows: Matrix) -> None:
        for (start, stop), strip in zip(self.edges, self.strips, strict=True):
            strip += rows[:, start:stop].T @ rows[:, :stop]

    def merge(self, other: Self) -> None:
        for strip, more in zip(self.strips, other.strips, strict=True):
            strip += more

    def over(self, count: float) -> Matrix:
        """The whole matrix, divided: a new one."""
        width = self.edges[-1][1]
        found = np.empty((width, width))
        for (start, stop), strip in zip(self.edges, self.strips, strict=True):
            np.divide(strip, count, out=found[start:stop, :stop])
            found[:start, start:stop] = found[start:stop, :start].T
        return found
