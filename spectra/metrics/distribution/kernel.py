"""The maximum mean discrepancy of two sets of features under a polynomial kernel (Bińkowski et al. 2018)."""

from __future__ import annotations

import math

import numpy as np

from spectra.metrics.distribution.moments import Matrix

DEGREE, CONSTANT = 3, 1.0
_BLOCK = 1024
"""Rows at once: a matrix of all rows against all would grow with the square of the images."""


def mmd2(one: Matrix, other: Matrix) -> float:
    """The unbiased estimate of the square, of at least two rows each: below 0 by chance where the sets are alike.

    The kernel is ``(x · y / d + 1)³``; no row is compared with itself.
    """
    return _within(one) + _within(other) - 2 * _across(one, other)


def _within(rows: Matrix) -> float:
    """The mean over all pairs of two different rows: each pair once, as the kernel is symmetric."""
    sums = []
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        square = _kernel(block, block)
        sums += [(float(square.sum()) - float(np.trace(square))) / 2]
        sums += [float(_kernel(block, rows[at : at + _BLOCK]).sum()) for at in range(start + _BLOCK, len(rows), _BLOCK)]
    return 2 * math.fsum(sums) / (len(rows) * (len(rows) - 1))


def _across(one: Matrix, other: Matrix) -> float:
    sums = [
        float(_kernel(one[start : start + _BLOCK], other[at : at + _BLOCK]).sum())
        for start in range(0, len(one), _BLOCK)
        for at in range(0, len(other), _BLOCK)
    ]
    return math.fsum(sums) / (len(one) * len(other))


def _kernel(one: Matrix, other: Matrix) -> Matrix:
    value = one @ other.T
    value /= one.shape[1]
    value += CONSTANT
    found: Matrix = value**DEGREE
    return found
