"""Two images under a sliding window, and how alike they are there."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

Means = Callable[[], Tensor]
Constants = tuple[float, float]
Strip = tuple[slice, slice]
_STRIP = 1 << 16
"""Pixels at once: few enough to stay in the processor's cache, and to bound the memory of huge images."""
_SHAPES = 4
_TALL = 8
"""At least so many windows high, as neighbouring strips overlap by nearly one."""


def gaussian(window: int, sigma: float) -> list[float]:
    """The weights of an odd window, from its centre outwards; both halves together sum to 1."""
    half = [math.exp(-(distance**2) / (2 * sigma**2)) for distance in range(window // 2 + 1)]
    total = half[0] + 2 * sum(half[1:])
    return [weight / total for weight in half]


def uniform(window: int) -> list[float]:
    """The weights of an odd window that are all the same, from its centre outwards."""
    return [1 / window] * (window // 2 + 1)


def strips(shape: torch.Size, window: int) -> Iterator[Strip]:
    """Rows of one channel that overlap, so that each whole window of ``(c, h, w)`` lies in exactly one strip."""
    channels, height, width = shape
    rows = max(_TALL * window, _STRIP // width)
    for channel in range(channels):
        for top in range(0, height - window + 1, rows):
            yield slice(channel, channel + 1), slice(top, top + rows + window - 1)


def averaged(image: Tensor, weights: list[float]) -> Tensor:
    """The weighted mean of every window that lies wholly inside ``(c, h, w)``, in float64."""
    image = image.double()
    return _averaged(image, weights, torch.empty_like(image, memory_format=torch.contiguous_format))


class Likeness:
    """SSIM of two images in every window, and its factors."""

    def __init__(self, weights: list[float], constants: Constants) -> None:
        self.weights, self.constants = weights, constants

    def similarity(self, x: Tensor, y: Tensor, means_of_y: Means | None = None) -> Tensor:
        """Luminance, contrast and structure. It is overwritten by the next call."""
        product, squares, covariance, variances = self._moments(x, y, means_of_y)
        c1 = self.constants[0]
        above = torch.add(torch.tensor(2 * c1, dtype=torch.float64), product, alpha=4, out=product).mul_(covariance)
        return above.div_(squares.add_(c1).mul_(variances))

    def structure(self, x: Tensor, y: Tensor, means_of_y: Means | None = None) -> Tensor:
        """Contrast and structure in one, as they are where C3 = C2 / 2. It is overwritten by the next call."""
        _, _, covariance, variances = self._moments(x, y, means_of_y)
        return covariance.div_(variances).mul_(2)

    def _moments(self, x: Tensor, y: Tensor, means_of_y: Means | None) -> tuple[Tensor, ...]:
        """Of each window the product of both means, the sum of their squares, the covariance plus C2 / 2, and the sum
        of both variances plus C2.

        Four filtered images, and not five: of the variances only the sum is needed. Where another x is compared with
        the same y, ``means_of_y`` gives its means from before. A mean of squares less the square of a mean loses digits
        where an image is bright and even, so all is in float64.
        """
        c2 = self.constants[1]
        wide_x, wide_y, mixed, *found = _DESK.arrays(x.shape, 6)
        wide_x.copy_(x)
        wide_y.copy_(y)
        mean_x = _averaged(wide_x, self.weights, found[0])
        mean_y = averaged(wide_y, self.weights) if means_of_y is None else means_of_y()
        covariance = _averaged(torch.mul(wide_x, wide_y, out=mixed), self.weights, found[1], c2 / 2)
        variances = _averaged(wide_x.square_().add_(wide_y.square_()), self.weights, found[2], c2)
        product = torch.mul(mean_x, mean_y, out=self._inside(mixed))
        squares = mean_x.square_().add_(torch.mul(mean_y, mean_y, out=self._inside(wide_y)))
        return product, squares, covariance.sub_(product), variances.sub_(squares)

    def _inside(self, image: Tensor) -> Tensor:
        return _inside(image, len(self.weights) - 1)


class _Desk(threading.local):
    """Arrays to work in, used again for the next strip: to ask the system for fresh ones takes as long as the work."""

    def __init__(self) -> None:
        self._held: dict[torch.Size, list[Tensor]] = {}

    def arrays(self, shape: torch.Size, count: int) -> list[Tensor]:
        if shape not in self._held:
            if len(self._held) == _SHAPES:
                self._held.clear()
            self._held[shape] = [torch.empty(shape, dtype=torch.float64) for _ in range(count)]
        return self._held[shape]


_DESK = _Desk()


def _averaged(image: Tensor, weights: list[float], out: Tensor, plus: float = 0) -> Tensor:
    """And a constant added; its windows alone of ``out``, which is as large as the image."""
    kernel = np.array([*weights[:0:-1], *weights])
    for band, mean in zip(image.numpy(), out.numpy(), strict=True):
        cv2.sepFilter2D(band, cv2.CV_64F, kernel, kernel, mean, delta=plus)
    return _inside(out, len(weights) - 1)


def _inside(image: Tensor, reach: int) -> Tensor:
    return image[:, reach : image.shape[1] - reach, reach : image.shape[2] - reach]


def whole_windows(valid: Tensor, window: int) -> Tensor:
    """``(h, w)`` to the windows inside it that hold valid pixels only."""
    gaps = (~valid.bool()).float()[None]
    gaps = functional.max_pool2d(functional.max_pool2d(gaps, (window, 1), 1), (1, window), 1)
    return gaps[0] == 0
