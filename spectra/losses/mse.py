"""Mean squared error."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor
from torch.nn import functional

from spectra.loss import Loss
from spectra.losses.shapes import check_shapes
from spectra.losses.valid import valid_error, valid_mean


class Mse(Loss):
    """``mean (prediction - target)²`` over all valid pixels of the batch."""

    api_version = 1
    summary: ClassVar[str] = "mean squared error"
    masked = "pixels"

    def forward(self, prediction: Tensor, target: Tensor, valid: Tensor | None = None) -> Tensor:
        check_shapes(prediction, target, valid)
        if valid is None:
            return functional.mse_loss(prediction, target)
        return valid_mean(valid_error(prediction, target, valid).square(), valid)
