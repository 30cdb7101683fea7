"""The angle between the band vectors of prediction and target."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import torch
from torch import Tensor

from spectra.metric import Better, Scored
from spectra.metrics.masked import valid_pixels
from spectra.metrics.per_image import NotScored, PerImage


class BandAngle(PerImage):
    """The mean over valid pixels of the angle between what two images hold there in all bands; 0 where both are all
    zero, a right angle where one is. How bright a pixel is plays no part."""

    better: ClassVar[Better] = "lower"

    def radians(self, item: Scored) -> float:
        return item.own.once("band angle", lambda: mean_over_pixels(item, band_angles))


def band_angles(x: Tensor, y: Tensor) -> Tensor:
    """Of two ``(c, pixels)`` in float64, in radians."""
    lengths = (x.square().sum(0) * y.square().sum(0)).sqrt()
    both_zero = (x == y).all(0).to(x.dtype)
    cosine = torch.where(lengths == 0, both_zero, (x * y).sum(0) / lengths)
    return cosine.clamp(-1, 1).acos()


def mean_over_pixels(item: Scored, angles: Callable[[Tensor, Tensor], Tensor]) -> float:
    if len(item.target) < 2:
        raise NotScored("one band has no angle")
    total, count = 0.0, 0
    for x, y in valid_pixels(item):
        total += angles(x, y).sum().item()
        count += x.shape[1]
    if not count:
        raise NotScored("no valid pixel")
    return total / count
