"""Mean absolute error."""

from __future__ import annotations

from typing import ClassVar

from spectra.metric import Scored
from spectra.metrics.in_unit import InUnit
from spectra.metrics.masked import error_means


class Mae(InUnit):
    """The mean absolute error of each image, then the mean over images."""

    api_version = 1
    summary: ClassVar[str] = "mean absolute error, in the target's unit"

    @property
    def signature(self) -> str:
        return "mae|range:target-unit|masked:pixels-skipped|mean:images|v1"

    def error(self, item: Scored) -> float:
        return error_means(item).absolute
