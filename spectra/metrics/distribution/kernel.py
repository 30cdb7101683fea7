"""The maximum mean discrepancy of two sets of features under a polynomial kernel (Bińkowski et al. 2018)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from spectra.metrics.distribution.moments import Row, stacked
from spectra.metrics.distribution.scatter import Matrix

CONSTANT = 1.0
_BLOCK = 512
"""Rows at once: a matrix of all rows against all would grow with the square of the images, and one of all rows in
float64 is twice what was kept of them."""
Rows = Sequence[Row] | Matrix


def mmd2(one: Rows, other: Rows) -> float:
    """The unbiased estimate of the square, of at least two rows each: below 0 by chance where the sets are alike.

    The kernel is ``(x · y / d + 1)³``; no row is compared with itself.
    """
    return _within(one) + _within(other) - 2 * _across(one, other)


def _within(rows: Rows) -> float:
    """The mean over all pairs of two different rows: each pair once, as the kernel is symmetric."""
    sums = []
    for start in range(0, len(rows), _BLOCK):
        block = stacked(rows[start : start + _BLOCK])
        square = _kernel(block, block)
        sums += [(float(square.sum()) - float(np.trace(square))) / 2, _against(block, rows[start + _BLOCK :])]
    return 2 * math.fsum(sums) / (len(rows) * (len(rows) - 1))


def _across(one: Rows, other: Rows) -> float:
    sums = [_against(stacked(one[start : start + _BLOCK]), other) for start in range(0, len(one), _BLOCK)]
    return math.fsum(sums) / (len(one) * len(other))


def _against(block: Matrix, rows: Rows) -> float:
    """The sum over all pairs."""
    parts = (stacked(rows[at : at + _BLOCK]) for at in range(0, len(rows), _BLOCK))
    return math.fsum(float(_kernel(block, part).sum()) for part in parts)


def _kernel(one: Matrix, other: Matrix) -> Matrix:
    value: Matrix = one @ other.T
    value /= one.shape[1]
    value += CONSTANT
    cube = value * value
    cube *= value
    return cube
