"""The RMSE of Pix2Next's published evaluation."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor

from spectra.metric import Better, Scored
from spectra.metrics.masked import valid_pixels
from spectra.metrics.per_image import NotScored, PerImage


class Pix2NextRmse(PerImage):
    """``sqrt(mean((d² mod 256)))`` of 8-bit images, the mean over channels: for comparison with the paper only.

    It is wrong: the difference of two unsigned bytes and its square both wrap at 256, so an error of 16 counts as none,
    and large errors count like noise. It comes to 10.27 for errors of any size alike, and never above 16.
    """

    api_version = 1
    better: ClassVar[Better] = "lower"
    summary: ClassVar[str] = "RMSE as Pix2Next's code has it: bytes that overflow; for comparison with the paper only"

    @property
    def unit(self) -> str:
        return "DN"

    @property
    def signature(self) -> str:
        return (
            "pix2next.rmse|range:uint8|difference:mod256|square:mod256|root:each-channel|channels:mean"
            "|masked:pixels-skipped|mean:images|v1"
        )

    def score(self, item: Scored) -> float:
        total, count = torch.zeros(len(item.target), dtype=torch.float64), 0
        for pixels in valid_pixels(item):
            if not all(bool(image.isfinite().all()) for image in pixels):
                return math.nan
            prediction, target = (_bytes(image) for image in pixels)
            difference = prediction - target
            total += (difference * difference).sum(1, dtype=torch.float64)
            count += difference.shape[1]
        if not count:
            raise NotScored("no valid pixel")
        return (total / count).sqrt().mean().item()


def _bytes(image: Tensor) -> Tensor:
    """The levels of an 8-bit file, in a type whose arithmetic wraps at 256."""
    return (image.clamp(0, 1) * 255 + 0.5).floor().to(torch.uint8)
