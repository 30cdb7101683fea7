"""Fréchet's distance and the discrepancy, in float64 from their formulas; features to try them on."""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray

from spectra.metrics.distribution.moments import Moments

Matrix = NDArray[np.float64]


def features(seed: int, n: int, width: int, rank: int | None = None, decay: float = 1.0) -> Matrix:
    """Skewed and correlated, as a network's are; of a rank that may be less than the width."""
    random = np.random.default_rng(seed)
    axes = np.random.default_rng(99).normal(size=(rank or width, width))
    axes *= np.arange(1, len(axes) + 1)[:, None] ** -decay
    return random.gamma(2.0, size=(n, len(axes))) @ axes + random.normal(size=width)


def moments(rows: Matrix) -> Moments:
    found = Moments()
    for row in rows:
        found.add(row)
    return found


def frechet_by_roots(one: Matrix, other: Matrix) -> float:
    """By the roots of symmetric matrices; in the space that both sets span, where this has fewer dimensions."""
    if len(one) + len(other) < one.shape[1]:
        axes = np.linalg.qr(np.concatenate([one, other]).T)[0]
        one, other = one @ axes, other @ axes
    covariances = np.cov(one, rowvar=False), np.cov(other, rowvar=False)
    root = symmetric_root(covariances[0])
    product = symmetric_root(root @ covariances[1] @ root)
    apart = one.mean(0) - other.mean(0)
    return float(apart @ apart + np.trace(covariances[0]) + np.trace(covariances[1]) - 2 * np.trace(product))


def symmetric_root(matrix: Matrix) -> Matrix:
    values, axes = np.linalg.eigh((matrix + matrix.T) / 2)
    found: Matrix = (axes * np.sqrt(values.clip(min=0))) @ axes.T
    return found


def mmd2_by_loop(one: Matrix, other: Matrix) -> float:
    def mean(pairs: list[tuple[Matrix, Matrix]]) -> float:
        return math.fsum((float(x @ y) / len(x) + 1) ** 3 for x, y in pairs) / len(pairs)

    within = [mean(list(itertools.permutations(rows, 2))) for rows in (one, other)]
    return within[0] + within[1] - 2 * mean(list(itertools.product(one, other)))
