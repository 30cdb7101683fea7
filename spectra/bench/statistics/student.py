"""Student's t distribution of a whole number of degrees of freedom."""

from __future__ import annotations

import math

_HIGHEST = 1e6


def quantile(level: float, freedom: int) -> float:
    """The t that a share ``level`` of the distribution lies below, for ``level`` from a half up."""
    low, high = 0.0, _HIGHEST
    while (middle := (low + high) / 2) not in (low, high):
        low, high = (middle, high) if 0.5 + _between(middle, freedom) / 2 < level else (low, middle)
    return high


def _between(t: float, freedom: int) -> float:
    """The share that lies between -t and t, as a finite sum (Abramowitz and Stegun 26.7.3 and 26.7.4)."""
    angle = math.atan(t / math.sqrt(freedom))
    odd = freedom % 2
    term = total = math.cos(angle) if odd else 1.0
    for k in range(2 + odd, freedom, 2):
        term *= (k - 1) / k * math.cos(angle) ** 2
        total += term
    if not odd:
        return math.sin(angle) * total
    return 2 / math.pi * (angle + (math.sin(angle) * total if freedom > 1 else 0.0))
