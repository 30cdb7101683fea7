"""The bootstrap interval of a mean."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from spectra.metrics.intervals.bca import levels, share_below
from spectra.metrics.intervals.clusters import Clusters, clustered

_DRAWS_AT_ONCE = 1 << 20


def bootstrap_interval(
    values: Sequence[float],
    groups: Sequence[Hashable] | None = None,
    confidence: float = 0.95,
    resamples: int = 5000,
    seed: int = 0,
) -> tuple[float | None, float | None]:
    """The bootstrap interval of the mean of ``values``; ``(None, None)`` for fewer than two groups.

    ``groups`` names for each value what it belongs to, such as its sequence; without them, each stands alone. Groups
    are resampled whole, since images of one sequence are alike and tell less than as many of different ones. Order
    does not matter. BCa (bias-corrected and accelerated), as scores of images are skewed and plain percentiles then
    miss on the side of the long tail; and widened for few groups as Student's t is, since resamples of n groups vary
    too little. What it covers is measured in `docs/statistics.md`.
    """
    sample = np.asarray(values, dtype=np.float64)
    if not np.isfinite(sample).all():
        raise ValueError("an interval needs finite values")
    clusters = clustered(sample, groups)
    if len(clusters) < 2:
        return None, None
    if sample.min() == sample.max():
        return float(sample[0]), float(sample[0])
    means = _resampled_means(clusters, resamples, seed)
    low, high = np.quantile(means, levels(clusters, share_below(means, clusters.mean), confidence))
    return float(low), float(high)


def _resampled_means(clusters: Clusters, resamples: int, seed: int) -> NDArray[np.float64]:
    random = np.random.default_rng(seed)
    number = len(clusters)
    rows = max(1, _DRAWS_AT_ONCE // number)
    means = np.empty(resamples)
    for start in range(0, resamples, rows):
        count = min(rows, resamples - start)
        drawn = random.integers(number, size=(count, number))
        means[start : start + count] = clusters.sums[drawn].sum(axis=1) / clusters.counts[drawn].sum(axis=1)
    return means
