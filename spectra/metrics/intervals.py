"""How sure a mean over images is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

_DRAWS_AT_ONCE = 1 << 20


def bootstrap_interval(
    values: Sequence[float], confidence: float = 0.95, resamples: int = 5000, seed: int = 0
) -> tuple[float | None, float | None]:
    """The bootstrap interval of the mean of ``values``; ``(None, None)`` for fewer than two. Order does not matter.

    BCa (bias-corrected and accelerated), as scores of images are skewed and plain percentiles then miss on the side of
    the long tail; and widened for small samples as Student's t is, since resamples of n images vary too little.
    Measured at 95 %: 92 to 95 % for 20 values and 93 to 94 % for 50, where plain percentiles hold 88 to 94 %.
    """
    sample = np.sort(np.asarray(values, dtype=np.float64))
    if not np.isfinite(sample).all():
        raise ValueError("an interval needs finite values")
    if sample.size < 2:
        return None, None
    if sample[0] == sample[-1]:
        return float(sample[0]), float(sample[0])
    means = _resampled_means(sample, resamples, seed)
    low, high = np.quantile(means, _levels(sample, means, confidence))
    return float(low), float(high)


def _resampled_means(sample: NDArray[np.float64], resamples: int, seed: int) -> NDArray[np.float64]:
    random = np.random.default_rng(seed)
    rows = max(1, _DRAWS_AT_ONCE // sample.size)
    means = np.empty(resamples)
    for start in range(0, resamples, rows):
        count = min(rows, resamples - start)
        means[start : start + count] = sample[random.integers(sample.size, size=(count, sample.size))].mean(axis=1)
    return means


def _levels(sample: NDArray[np.float64], means: NDArray[np.float64], confidence: float) -> tuple[float, float]:
    """The two quantiles of the resampled means, shifted for bias and for a spread that grows with the mean."""
    normal = NormalDist()
    reach = _widened(normal.inv_cdf((1 + confidence) / 2), sample.size)
    bias = normal.inv_cdf(_share_below(means, float(sample.mean())))
    error = sample - sample.mean()
    acceleration = float((error**3).sum() / (6 * (error**2).sum() ** 1.5))

    def level(z: float) -> float:
        bend = 1 - acceleration * z
        return normal.cdf(bias + z / bend) if bend > 0 else float(z > 0)

    return level(bias - reach), level(bias + reach)


def _widened(z: float, n: int) -> float:
    """A normal quantile as Student's t of n - 1 degrees (a series in 1 / nu), over the spread that resamples lack."""
    nu = n - 1
    student = z + (z**3 + z) / (4 * nu) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * nu**2)
    return student * math.sqrt(n / nu)


def _share_below(means: NDArray[np.float64], mean: float) -> float:
    """Ties count half, so that few and coarse values show no bias; never 0 or 1, whose normal quantile is infinite."""
    share = float(np.mean(means < mean) + np.mean(means == mean) / 2)
    edge = 0.5 / means.size
    return min(max(share, edge), 1 - edge)
