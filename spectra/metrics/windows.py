"""Mean and variance of an image under a sliding Gaussian window."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional


def gaussian(window: int, sigma: float) -> list[float]:
    """The weights of an odd window, from its centre outwards; both halves together sum to 1."""
    half = [math.exp(-(distance**2) / (2 * sigma**2)) for distance in range(window // 2 + 1)]
    total = half[0] + 2 * sum(half[1:])
    return [weight / total for weight in half]


def moments(image: Tensor, weights: list[float]) -> tuple[Tensor, Tensor]:
    """Weighted mean and variance of every window that lies wholly inside the last two dimensions."""
    mean, variance = _along(-2, weights, image, None)
    return _along(-1, weights, mean, variance)


def whole_windows(valid: Tensor, window: int) -> Tensor:
    """``(h, w)`` to the windows inside it that hold valid pixels only."""
    gaps = (~valid.bool()).float()[None]
    gaps = functional.max_pool2d(functional.max_pool2d(gaps, (window, 1), 1), (1, window), 1)
    return gaps[0] == 0


def _along(axis: int, weights: list[float], mean: Tensor, variance: Tensor | None) -> tuple[Tensor, Tensor]:
    """One axis of a separable window: the whole variance is the mean of the variances and the variance of the means.

    Taken from differences to the central pixel, and not as the mean of squares less the square of the mean, as float32
    would lose its digits there in bright and even regions.
    """
    reach = len(weights) - 1
    inside = mean.shape[axis] - 2 * reach
    centre = mean.narrow(axis, reach, inside)
    shift = torch.zeros_like(centre)
    spread = torch.zeros_like(centre) if variance is None else variance.narrow(axis, reach, inside) * weights[0]
    for distance, weight in enumerate(weights[1:], start=1):
        near, far = reach - distance, reach + distance
        steps = mean.narrow(axis, reach, inside + distance) - mean.narrow(axis, near, inside + distance)
        before, after = steps.narrow(axis, 0, inside), steps.narrow(axis, distance, inside)
        shift.add_(after, alpha=weight).sub_(before, alpha=weight)
        spread.addcmul_(before, before, value=weight).addcmul_(after, after, value=weight)
        if variance is not None:
            spread.add_(variance.narrow(axis, near, inside), alpha=weight)
            spread.add_(variance.narrow(axis, far, inside), alpha=weight)
    return centre + shift, spread.addcmul_(shift, shift, value=-1)
