"""Structural similarity."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import torch
from pydantic import Field, field_validator
from torch import Tensor

from spectra.metric import Scored
from spectra.metrics.masked import check_shapes
from spectra.metrics.per_image import NotScored, PerImage
from spectra.metrics.windows import gaussian, moments, whole_windows
from spectra.settings import Config

_C1, _C2 = 0.01**2, 0.03**2
_STRIP = 1 << 16
"""Pixels at once: few enough to stay in the processor's cache, and to bound the memory of huge images."""


class Ssim(PerImage):
    """SSIM of Wang et al. 2004 with a Gaussian window, per channel, over windows that lie wholly inside the image."""

    api_version = 1

    class Settings(Config):
        window: int = Field(11, ge=3, description="side of the window in pixels, odd")
        sigma: float = Field(1.5, gt=0, description="standard deviation of the Gaussian, in pixels")

        @field_validator("window")
        @classmethod
        def _odd(cls, window: int) -> int:
            if window % 2 == 0:
                raise ValueError(f"the window has a central pixel, so its side is odd, not {window}")
            return window

    summary: ClassVar[str] = "structural similarity, Gaussian window, whole windows only"

    @property
    def unit(self) -> str:
        return ""

    @property
    def signature(self) -> str:
        return (
            f"ssim|window:gaussian{self.settings.window}|sigma:{self.settings.sigma:g}|k:0.01,0.03|range:unit|border:valid"
            "|channels:mean|masked:windows-skipped|mean:images|v1"
        )

    def score(self, item: Scored) -> float:
        check_shapes(item)
        window = self.settings.window
        if min(item.target.shape[-2:]) < window:
            raise NotScored(f"smaller than the window of {window}×{window} pixels")
        weights = gaussian(window, self.settings.sigma)
        total, count = 0.0, 0
        for prediction, target, valid in _strips(item, window):
            similar = _similarity(prediction, target, weights)
            if valid is not None:
                similar = similar[:, whole_windows(valid, window)]
            total += similar.sum(dtype=torch.float64).item()
            count += similar.numel()
        if not count:
            raise NotScored(f"no window of {window}×{window} valid pixels")
        return total / count


def _strips(item: Scored, window: int) -> Iterator[tuple[Tensor, Tensor, Tensor | None]]:
    """Rows that overlap, so that each window lies in exactly one strip."""
    channels, height, width = item.target.shape
    rows = max(window, _STRIP // (channels * width))
    for top in range(0, height - window + 1, rows):
        strip = slice(top, top + rows + window - 1)
        yield item.prediction[:, strip], item.target[:, strip], None if item.valid is None else item.valid[strip]


def _similarity(prediction: Tensor, target: Tensor, weights: list[float]) -> Tensor:
    """SSIM by the sum and the difference of both images, which need two filtered images less than five moments do.

    With s = x + y and d = x - y: 2 mx my = (ms² - md²) / 2, mx² + my² = (ms² + md²) / 2, and so the (co)variances.
    """
    both = torch.stack([prediction + target, prediction - target])
    means, variances = moments(both.to(torch.promote_types(both.dtype, torch.float32)), weights)
    squares = means.square()
    luminance = 1 - squares[1] / (squares.sum(dim=0) / 2 + _C1)
    structure = 1 - variances[1] / (variances.sum(dim=0) / 2 + _C2)
    return luminance * structure
