"""Standard deviation of the error."""

from __future__ import annotations

from typing import ClassVar

from spectra.metric import Scored
from spectra.metrics.in_unit import InUnit
from spectra.metrics.masked import valid_errors


class ErrorStd(InUnit):
    """How much the errors of one image spread around their mean, then the mean over images.

    An error that is the same everywhere has none: RMSE² is this squared, and the squared mean error.
    """

    api_version = 1
    summary: ClassVar[str] = "standard deviation of the error within an image, in the target's unit"

    @property
    def signature(self) -> str:
        return "error_std|range:target-unit|ddof:0|channels:jointly|masked:pixels-skipped|mean:images|v1"

    def error(self, item: Scored) -> float:
        return valid_errors(item).std(correction=0).item()
