"""Fréchet's distance between two sets of features, each taken as Gaussian, for any number of them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from spectra.metrics.distribution.moments import Matrix, Moments

_BLOCKS = 8


def frechet(one: Moments, other: Moments) -> float:
    """``|m1 - m2|² + tr S1 + tr S2 - 2 tr (S1 S2)^½``, of at least two rows each.

    With ``S = F F'``, the last trace is the sum of the singular values of ``F1' F2``, whatever the factors are: the
    centred rows where these are fewer than the dimensions, else a triangle. So the matrices are as small as they can
    be, no root of a matrix is taken, and a covariance without full rank needs nothing added to it.
    """
    apart = one.mean() - other.mean()
    if min(_rank(one), _rank(other)) < one.width:
        of_one, of_other = _factor(one), _factor(other)
        spread = float(np.square(of_one).sum() + np.square(of_other).sum())
        root = _nuclear(of_one, of_other)
    else:
        covariances = one.covariance(), other.covariance()
        spread = float(np.trace(covariances[0]) + np.trace(covariances[1]))
        root = _root_trace(*covariances)
    return max(0.0, float(apart @ apart) + spread - 2 * root)


def _rank(moments: Moments) -> int:
    """At most."""
    return min(len(moments) - 1, moments.width)


def _factor(moments: Moments) -> Matrix:
    """``(width, r)``, as narrow as may be, whose square is the covariance."""
    if moments.whole and len(moments) <= moments.width:
        return moments.centred().T
    return _triangle_or_axes(moments.covariance())


def _triangle_or_axes(covariance: Matrix) -> Matrix:
    """A triangle where the rank is full; else the principal axes that the set has, each as long as its deviation."""
    triangle = _triangle(covariance)
    if triangle is not None:
        return triangle
    variances, axes = np.linalg.eigh(covariance)
    there = variances > variances[-1] * len(variances) * np.finfo(np.float64).eps
    return np.asarray(axes[:, there] * np.sqrt(variances[there]))


def _triangle(covariance: Matrix) -> Matrix | None:
    """The lower one; None where the rank is not full."""
    try:
        return np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)
    except np.linalg.LinAlgError:
        return None


def _nuclear(one: Matrix, other: Matrix) -> float:
    return float(np.linalg.svd(one.T @ other, compute_uv=False).sum())


def _root_trace(one: Matrix, other: Matrix) -> float:
    """By the eigenvalues of ``L' S L``, a quarter of the work, where both ranks are full.

    The triangle is that of the worse conditioned covariance: the product is graded then, and its small eigenvalues keep
    their digits. Measured against singular values: within 2e-11 of the traces, up to a condition of 1e16.
    """
    triangles = _triangle(one), _triangle(other)
    if triangles[0] is None or triangles[1] is None:
        return _nuclear(_triangle_or_axes(one), _triangle_or_axes(other))
    if _evenness(triangles[0]) > _evenness(triangles[1]):
        values = np.linalg.eigvalsh(_sandwich(triangles[1], one))
    else:
        values = np.linalg.eigvalsh(_sandwich(triangles[0], other))
    return float(np.sqrt(values.clip(min=0)).sum())


def _evenness(triangle: Matrix) -> float:
    diagonal = triangle.diagonal()
    return float(diagonal.min() / diagonal.max())


def _sandwich(triangle: Matrix, matrix: Matrix) -> Matrix:
    """The lower half of ``L' S L``, all that `eigvalsh` reads, without the products with the half of L that is 0."""
    edges = np.linspace(0, len(triangle), _BLOCKS + 1).astype(int)
    found = np.zeros_like(matrix)
    for left, right in pairwise(edges):
        column = matrix[:, left:] @ triangle[left:, left:right]
        for top, bottom in pairwise(edges):
            if top >= left:
                found[top:bottom, left:right] = triangle[top:, top:bottom].T @ column[top:]
    return found
