"""How far apart two sets of patches are."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spectra.metrics.laplacian_patches import Descriptors

Normalise = Literal["each", "target", "none"]
Numbers = NDArray[np.float64]

_AT_ONCE = 64
"""Directions whose projections are held together."""
_FLAT = 1e-9
"""A spread below this is the rounding of an even image, and nothing to be blown up to 1."""


def sliced_distance(
    prediction: Descriptors, target: Descriptors, channels: int, directions: int, seed: tuple[int, int], by: Normalise
) -> float:
    """The mean over random directions of the 1-D Wasserstein distance between the projections of two sets."""
    first, second = normalised(prediction, target, channels, by)
    total = 0.0
    axes = unit_directions(first.shape[1], directions, seed)
    for start in range(0, directions, _AT_ONCE):
        some = axes[:, start : start + _AT_ONCE]
        apart = np.abs(np.sort(first @ some, axis=0) - np.sort(second @ some, axis=0))
        total += float(apart.mean(axis=0).sum())
    return total / directions


def normalised(prediction: Descriptors, target: Descriptors, channels: int, by: Normalise) -> tuple[Numbers, Numbers]:
    """Both sets with mean 0 and standard deviation 1 in each channel: by their own, or both by the target's."""
    first, second = prediction.astype(np.float64), target.astype(np.float64)
    if by == "none":
        return first, second
    statistics = _statistics(second, channels)
    return _scaled(first, *(_statistics(first, channels) if by == "each" else statistics)), _scaled(second, *statistics)


def unit_directions(width: int, count: int, seed: tuple[int, int]) -> Numbers:
    """``(width, count)``: columns of length 1, evenly spread over the sphere."""
    axes = np.random.default_rng(seed).standard_normal((count, width)).T
    scaled: Numbers = axes / np.linalg.norm(axes, axis=0)
    return scaled


def _statistics(patches: Numbers, channels: int) -> tuple[Numbers, Numbers]:
    by_channel = patches.reshape(len(patches), channels, -1)
    spread = by_channel.std(axis=(0, 2))
    return by_channel.mean(axis=(0, 2)), np.where(spread < _FLAT, 1, spread)


def _scaled(patches: Numbers, mean: Numbers, spread: Numbers) -> Numbers:
    each = patches.shape[1] // len(mean)
    scaled: Numbers = (patches - mean.repeat(each)) / spread.repeat(each)
    return scaled
