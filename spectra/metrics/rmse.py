"""Root mean squared error."""

from __future__ import annotations

from typing import ClassVar

from spectra.metric import Scored
from spectra.metrics.in_unit import InUnit
from spectra.metrics.masked import valid_errors


class Rmse(InUnit):
    """The root mean squared error of each image, then the mean over images."""

    api_version = 1
    summary: ClassVar[str] = "root mean squared error, in the target's unit"

    @property
    def signature(self) -> str:
        return "rmse|range:target-unit|masked:pixels-skipped|root:each-image|mean:images|v1"

    def error(self, item: Scored) -> float:
        return valid_errors(item).square().mean().sqrt().item()
