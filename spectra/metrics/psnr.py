"""Peak signal-to-noise ratio."""

from __future__ import annotations

import math
from typing import ClassVar

from pydantic import Field

from spectra.metric import Scored
from spectra.metrics.masked import error_means
from spectra.metrics.per_image import PerImage
from spectra.settings import Config


class Psnr(PerImage):
    """``10 log10(1 / MSE)`` of each image, where the peak is the span of the target's scale."""

    api_version = 1

    class Settings(Config):
        cap: float = Field(100, gt=0, description="dB that a perfect image gets, as its ratio is infinite")

    summary: ClassVar[str] = "peak signal-to-noise ratio over the target's scale, in dB"

    @property
    def unit(self) -> str:
        return "dB"

    @property
    def signature(self) -> str:
        return f"psnr|range:unit|cap:{self.settings.cap:g}|masked:pixels-skipped|mean:images|v1"

    def score(self, item: Scored) -> float:
        mse = error_means(item).square
        return min(-10 * math.log10(mse), self.settings.cap) if mse else float(self.settings.cap)
