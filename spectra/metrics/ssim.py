"""Structural similarity."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from pydantic import Field, field_validator
from torch import Tensor

from spectra.metric import Scored
from spectra.metrics.masked import check_shapes, kept
from spectra.metrics.per_image import NotScored, PerImage
from spectra.metrics.windows import Likeness, Strip, averaged, gaussian, strips, whole_windows
from spectra.settings import Config

CONSTANTS = 0.01**2, 0.03**2


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
    def signature(self) -> str:
        return (
            f"ssim|window:gaussian{self.settings.window}|sigma:{self.settings.sigma:g}|k:0.01,0.03|range:unit|border:valid"
            "|channels:mean|masked:windows-skipped|mean:images|v1"
        )

    def score(self, item: Scored) -> float:
        return mean_of_windows(item, self.settings.window, partial(self._similarity, item))

    def _similarity(self, item: Scored, strip: Strip) -> Tensor:
        weights = gaussian(self.settings.window, self.settings.sigma)
        key = ("ssim", "means", self.settings.window, self.settings.sigma, strip[0].start, strip[1].start)
        means = partial(kept, item, key, lambda: averaged(item.target[strip], weights))
        return Likeness(weights, CONSTANTS).similarity(item.prediction[strip], item.target[strip], means)


def mean_of_windows(item: Scored, window: int, similarity: Callable[[Strip], Tensor]) -> float:
    """Over all channels, and over the windows that lie wholly inside the image and hold valid pixels only."""
    check_shapes(item)
    if min(item.target.shape[-2:]) < window:
        raise NotScored(f"smaller than the window of {window}×{window} pixels")
    total, count = 0.0, 0
    for strip in strips(item.target.shape, window):
        similar = similarity(strip)
        if item.valid is not None:
            key = ("ssim", "whole windows", window, strip[1].start)
            similar = similar[:, kept(item, key, partial(whole_windows, item.valid[strip[1]], window))]
        total += similar.sum().item()
        count += similar.numel()
    if not count:
        raise NotScored(f"no window of {window}×{window} valid pixels")
    return total / count
