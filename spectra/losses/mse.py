"""Mean squared error."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor
from torch.nn import functional

from spectra.loss import Loss
from spectra.losses.shapes import check_shapes


class Mse(Loss):
    """``mean (prediction - target)²`` over everything."""

    api_version = 1
    summary: ClassVar[str] = "mean squared error"

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        check_shapes(prediction, target)
        return functional.mse_loss(prediction, target)
