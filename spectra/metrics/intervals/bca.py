"""Which quantiles of resampled means bound the mean: bias-corrected, accelerated, and widened for few groups."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from spectra.metrics.intervals.clusters import Clusters


def levels(clusters: Clusters, below: float, confidence: float) -> tuple[float, float]:
    """The two levels, shifted for bias (``below``: the share of resampled means under the mean) and for a spread that
    grows with the mean (as the groups pull it)."""
    normal = NormalDist()
    reach = _student(normal.inv_cdf((1 + confidence) / 2), clusters.freedom) * clusters.shortfall
    bias = normal.inv_cdf(below)
    acceleration = _acceleration(clusters.errors)

    def level(z: float) -> float:
        bend = 1 - acceleration * z
        return normal.cdf(bias + z / bend) if bend > 0 else float(z > 0)

    return level(bias - reach), level(bias + reach)


def share_below(means: NDArray[np.float64], mean: float) -> float:
    """Ties count half, so that few and coarse values show no bias; never 0 or 1, whose normal quantile is infinite."""
    share = float(np.mean(means < mean) + np.mean(means == mean) / 2)
    edge = 0.5 / means.size
    return min(max(share, edge), 1 - edge)


def _acceleration(errors: NDArray[np.float64]) -> float:
    spread = float((errors**2).sum() ** 1.5)
    return float((errors**3).sum()) / (6 * spread) if spread else 0.0


def _student(z: float, nu: float) -> float:
    """A normal quantile as Student's t of nu degrees: a series in 1 / nu."""
    return z + (z**3 + z) / (4 * nu) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * nu**2)
