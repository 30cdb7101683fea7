"""Structural similarity on several scales, as a loss."""

from __future__ import annotations

from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from spectra.loss import Loss
from spectra.losses.precision import widened, without_autocast
from spectra.losses.ranges import Range, in_range
from spectra.losses.shapes import check_shapes
from spectra.losses.similarity import likeness
from spectra.losses.windowed import WindowSettings, check_side
from spectra.metrics.windows import gaussian

EXPONENTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Of the levels, finest first: Wang, Simoncelli and Bovik 2003."""


class MsSsim(Loss):
    """``1 - MS-SSIM`` of Wang, Simoncelli and Bovik 2003, the mean over all images and channels.

    Of each channel ``SSIM_M^w_M · Π cs_j^w_j``, each factor a mean over the whole windows of its level. From level to
    level an image is halved by means over 2×2 pixels; an odd last row or column is left out. A factor below 0 counts
    as 0, as usual: such a channel, which resembles its target in nothing, teaches nothing through this loss alone.

    The window of the coarsest of five levels is 176 pixels wide and would seldom be whole where pixels lack data: they
    are filled.
    """

    api_version = 1
    summary: ClassVar[str] = "1 - MS-SSIM, five levels with the exponents of Wang et al. 2003"
    masked = "filled"

    class Settings(WindowSettings):
        levels: int = Field(
            len(EXPONENTS),
            ge=1,
            le=len(EXPONENTS),
            description="number of levels; with fewer than five the first exponents, scaled to the same sum",
        )
        range: Range = Field("unit", description="`unit`: images on [0, 1]; `sym`: on [-1, 1], with a data range of 2")

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        check_shapes(prediction, target)
        self._check_side(target)
        with without_autocast(prediction):
            one, other = (in_range(widened(image), self.settings.range) for image in (prediction, target))
            return 1 - self._similarity(one, other).mean()

    def _check_side(self, target: Tensor) -> None:
        window, levels = self.settings.window, self.settings.levels
        fewer = [fit for fit in range(1, levels) if min(target.shape[-2:]) >= window << (fit - 1)]
        remedy = f"or set `levels: {fewer[-1]}`" if fewer else "or set a smaller `window` and fewer `levels`"
        check_side(target, window << (levels - 1), "ms_ssim", f"take larger images or crops, {remedy}")

    def _similarity(self, prediction: Tensor, target: Tensor) -> Tensor:
        """``(n, c)``."""
        weights = gaussian(self.settings.window, self.settings.sigma)
        span = 1.0 if self.settings.range == "unit" else 2.0
        exponents = EXPONENTS[: self.settings.levels]
        found = torch.ones_like(target[:, :, 0, 0])
        for level, exponent in enumerate(exponents):
            if level:
                prediction, target = functional.avg_pool2d(prediction, 2), functional.avg_pool2d(target, 2)
            luminance, structure = likeness(prediction, target, weights, span)
            factor = structure if level < len(exponents) - 1 else luminance * structure
            found = found * _power(factor.mean((-2, -1)), exponent * sum(EXPONENTS) / sum(exponents))
        return found


def _power(base: Tensor, exponent: float) -> Tensor:
    """0 below 0, without the infinite slope that a root has there."""
    above = base > 0
    return torch.where(above, torch.where(above, base, 1) ** exponent, 0)
