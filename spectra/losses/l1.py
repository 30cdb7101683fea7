"""Mean absolute error."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor
from torch.nn import functional

from spectra.loss import Loss
from spectra.losses.shapes import check_shapes


class L1(Loss):
    """``mean |prediction - target|`` over everything."""

    api_version = 1
    summary: ClassVar[str] = "mean absolute error"

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        check_shapes(prediction, target)
        return functional.l1_loss(prediction, target)
