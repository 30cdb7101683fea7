"""Distances of the second power, in the three readings that papers call L2."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from spectra.loss import Loss
from spectra.losses.precision import widened, without_autocast
from spectra.losses.ranges import Range, in_range
from spectra.losses.shapes import check_shapes
from spectra.losses.valid import valid_error
from spectra.settings import Config

_EPSILON = 1e-12
"""Added to the sum under a root, whose slope at 0 is infinite."""


class L2(Loss):
    """Of each image, over its valid pixels and all channels, N values in all; then the mean over the images.

    ``norm``: ``√Σ(prediction - target)²``. Its gradient has length 1, whatever the error.
    ``rmse``: ``norm / √N``. So ``norm`` with weight w is ``rmse`` with weight w·√N.
    ``mse``: ``norm² / N``.

    The sum of ``norm`` goes over the valid pixels and is not scaled up for those that are left out. An image without
    any valid pixel does not count in the mean.
    """

    api_version = 1
    summary: ClassVar[str] = "root mean squared error of each image; or the norm, or the mean square"
    masked = "pixels"

    class Settings(Config):
        kind: Literal["rmse", "norm", "mse"] = Field(
            "rmse", description="`rmse`: as the metric; `norm`: root of the sum; `mse`: mean square of each image"
        )
        range: Range = Field("unit", description="`unit`: images on [0, 1]; `sym`: on [-1, 1]")

    def forward(self, prediction: Tensor, target: Tensor, valid: Tensor | None = None) -> Tensor:
        check_shapes(prediction, target, valid)
        with without_autocast(prediction):
            return self._of_images(widened(prediction), widened(target), valid)

    def _of_images(self, prediction: Tensor, target: Tensor, valid: Tensor | None) -> Tensor:
        prediction, target = (in_range(image, self.settings.range) for image in (prediction, target))
        if valid is None:
            return self._reading((prediction - target).flatten(1), target[0].numel()).mean()
        counts = valid.flatten(1).sum(1)
        values = self._reading(valid_error(prediction, target, valid).flatten(1), counts * target.shape[1])
        return torch.where(counts > 0, values, 0).sum() / (counts > 0).sum().clamp(min=1)

    def _reading(self, errors: Tensor, count: Tensor | int) -> Tensor:
        """One number an image."""
        total = errors.square().sum(1)
        number = torch.as_tensor(count, dtype=total.dtype, device=total.device).clamp(min=1)
        if self.settings.kind == "mse":
            return total / number
        norm = (total + _EPSILON).sqrt()
        return norm if self.settings.kind == "norm" else norm / number.sqrt()
