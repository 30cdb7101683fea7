"""Structural similarity as a loss."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from pydantic import Field, PositiveFloat
from torch import Tensor

from spectra.loss import Loss
from spectra.losses.precision import widened, without_autocast
from spectra.losses.ranges import Range, in_range
from spectra.losses.shapes import check_shapes
from spectra.losses.similarity import bordered, likeness
from spectra.losses.windowed import Padding, WindowSettings, check_side
from spectra.metrics.windows import gaussian, whole_windows

_LEAST_SPAN = 1e-3
"""Of even images, whose range of values is 0."""


class Ssim(Loss):
    """``1 - SSIM`` of Wang et al. 2004, the mean over all windows and channels of the batch.

    By default as the metric ``ssim``: a Gaussian window, whole windows only, on [0, 1]. Left out is each window that
    touches a pixel without data.
    """

    api_version = 1
    summary: ClassVar[str] = "1 - SSIM, Gaussian window"
    masked = "windows"

    class Settings(WindowSettings):
        range: Range = Field("unit", description="`unit`: images on [0, 1]; `sym`: on [-1, 1]")
        data_range: PositiveFloat | Literal["batch"] | None = Field(
            None,
            description="range of the values in SSIM's constants; `batch`: the wider of what prediction and target "
            "hold, over the batch; none: 1 for `unit`, 2 for `sym`",
        )
        padding: Padding = Field("valid", description="`valid`: whole windows only; `reflect`: one for each pixel")

    def forward(self, prediction: Tensor, target: Tensor, valid: Tensor | None = None) -> Tensor:
        check_shapes(prediction, target, valid)
        check_side(target, self._least_side(), "ssim", "take larger images or crops, or set a smaller `window`")
        with without_autocast(prediction):
            one, other = (in_range(widened(image), self.settings.range) for image in (prediction, target))
            return self._of_pair(one, other, valid)

    def _least_side(self) -> int:
        window: int = self.settings.window
        return window if self.settings.padding == "valid" else window // 2 + 1

    def _of_pair(self, prediction: Tensor, target: Tensor, valid: Tensor | None) -> Tensor:
        weights = gaussian(self.settings.window, self.settings.sigma)
        span = self._span(prediction, target, valid)
        if valid is not None:  # a value there must not reach a window, not even with a weight of 0: it may be NaN
            prediction, target = (torch.where(valid, image, 0) for image in (prediction, target))
        if self.settings.padding == "reflect":
            prediction, target = bordered(prediction, weights), bordered(target, weights)
            valid = None if valid is None else bordered(valid.to(target.dtype), weights) > 0
        luminance, structure = likeness(prediction, target, weights, span)
        lost = 1 - luminance * structure
        if valid is None:
            return lost.mean()
        whole = whole_windows(valid[:, 0], self.settings.window)[:, None]
        return torch.where(whole, lost, 0).sum() / (whole.sum() * lost.shape[1]).clamp(min=1)

    def _span(self, prediction: Tensor, target: Tensor, valid: Tensor | None) -> Tensor | float:
        said = self.settings.data_range
        if said is None:
            return 1.0 if self.settings.range == "unit" else 2.0
        if said != "batch":
            return float(said)
        return torch.maximum(_extent(prediction, valid), _extent(target, valid)).clamp(min=_LEAST_SPAN)


def _extent(image: Tensor, valid: Tensor | None) -> Tensor:
    if valid is None:
        return image.amax() - image.amin()
    return torch.where(valid, image, -torch.inf).amax() - torch.where(valid, image, torch.inf).amin()
