"""Structural similarity on several scales."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from spectra.losses.ms_ssim import EXPONENTS
from spectra.metric import Scored
from spectra.metrics.masked import check_shapes, kept
from spectra.metrics.per_image import NotScored, PerImage
from spectra.metrics.ssim import CONSTANTS, Ssim
from spectra.metrics.windows import Likeness, averaged, gaussian, strips


class MsSsim(PerImage):
    """MS-SSIM of Wang, Simoncelli and Bovik 2003: of each channel ``SSIM_M^w_M · Π cs_j^w_j``, each factor a mean over
    the whole windows of its level; then the mean over channels.

    From level to level an image is halved by means over 2×2 pixels; an odd last row or column is left out. A factor
    below 0 counts as 0. The window of the coarsest of five levels is 176 pixels wide and would seldom be whole where
    pixels lack data: they are filled with the target's mean, in both images.
    """

    api_version = 1

    class Settings(Ssim.Settings):
        levels: int = Field(
            len(EXPONENTS),
            ge=1,
            le=len(EXPONENTS),
            description="number of levels; with fewer than five the first exponents, scaled to the same sum",
        )

    summary: ClassVar[str] = "structural similarity on five scales, exponents of Wang et al. 2003"

    @property
    def signature(self) -> str:
        return (
            f"ms_ssim|levels:{self.settings.levels}|window:gaussian{self.settings.window}|sigma:{self.settings.sigma:g}"
            "|k:0.01,0.03|range:unit|border:valid|halved:mean-2x2|below-0:0|channels:mean|masked:filled-with-target-mean|mean:images|v1"
        )

    def score(self, item: Scored) -> float:
        check_shapes(item)
        self._check_side(item)
        item = item.filled()
        found = torch.ones(len(item.target), dtype=torch.float64)
        exponents = EXPONENTS[: self.settings.levels]
        prediction = item.prediction.double()
        for level, exponent in enumerate(exponents):
            if level:
                prediction = _halved(prediction)
            factor = self._factor(item, level, prediction, last=level == len(exponents) - 1)
            found *= factor.clamp(min=0) ** (exponent * sum(EXPONENTS) / sum(exponents))
        return found.mean().item()

    def _check_side(self, item: Scored) -> None:
        least = self.settings.window << (self.settings.levels - 1)
        if item.valid is not None and not item.valid.any():
            raise NotScored("no valid pixel")
        if min(item.target.shape[-2:]) < least:
            raise NotScored(
                f"smaller than {least} pixels, which {self.settings.levels} levels need: set fewer `levels`"
            )

    def _factor(self, item: Scored, level: int, prediction: Tensor, last: bool) -> Tensor:
        """Of each channel the mean contrast and structure; on the last level times the luminance."""
        window = self.settings.window
        weights = gaussian(window, self.settings.sigma)
        target = kept(item, ("ms_ssim", "target", level), lambda: _halved(item.target.double(), level))
        likeness = Likeness(weights, CONSTANTS)
        factor = likeness.similarity if last else likeness.structure
        totals = torch.zeros(len(target), dtype=torch.float64)
        for strip in strips(target.shape, window):
            key = ("ms_ssim", "means", window, self.settings.sigma, level, strip[0].start, strip[1].start)
            means = partial(kept, item, key, partial(averaged, target[strip], weights))
            totals[strip[0]] += factor(prediction[strip], target[strip], means).sum()
        height, width = (length - window + 1 for length in target.shape[-2:])
        mean: Tensor = totals / (height * width)
        return mean


def _halved(image: Tensor, times: int = 1) -> Tensor:
    if not times:
        return image
    half: Tensor = functional.avg_pool2d(image, 2)
    return _halved(half, times - 1)
