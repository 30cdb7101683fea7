"""Bootstrap intervals of many means at once, all over the same groups."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from spectra.bench.statistics.whole import whole
from spectra.metrics.intervals.bca import levels, share_below
from spectra.metrics.intervals.clusters import Clusters

_AT_ONCE = 1 << 20
Interval = tuple[float | None, float | None]


def intervals(
    sums: NDArray[np.float64], counts: NDArray[np.float64], confidence: float, resamples: int, seed: int
) -> list[Interval]:
    """For each row of ``sums``, which holds one sum a group of so many images as ``counts`` says.

    As `bootstrap_interval`, but every row sees the same resamples: drawing them once makes hundreds of rows cheap.
    """
    if counts.size < 2:
        return [(None, None)] * len(sums)
    numbers, steps = whole(sums)
    every = [times @ numbers.T / (times @ counts)[:, None] for times in _drawn(counts.size, resamples, seed)]
    means = np.concatenate(every) * steps
    centres = numbers.sum(axis=1) / counts.sum() * steps
    each = zip(sums, means.T, centres.tolist(), strict=True)
    return [_interval(Clusters(row, counts), column, centre, confidence) for row, column, centre in each]


def _interval(clusters: Clusters, means: NDArray[np.float64], centre: float, confidence: float) -> Interval:
    """``centre`` is the mean to the same bit as that of a resample which draws each group once."""
    if not clusters.errors.any():
        return clusters.mean, clusters.mean
    low, high = np.quantile(means, levels(clusters, share_below(means, centre), confidence))
    return float(low), float(high)


def _drawn(number: int, resamples: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """How often each group is drawn, in parts: (resamples, groups)."""
    random = np.random.default_rng(seed)
    rows = max(1, _AT_ONCE // number)
    for start in range(0, resamples, rows):
        count = min(rows, resamples - start)
        places = random.integers(number, size=(count, number)) + number * np.arange(count)[:, None]
        yield np.bincount(places.ravel(), minlength=count * number).reshape(count, number).astype(np.float64)
