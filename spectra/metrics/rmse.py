"""Root mean squared error."""

from __future__ import annotations

import math
from typing import ClassVar

from spectra.metric import Scored
from spectra.metrics.in_unit import InUnit
from spectra.metrics.masked import error_means


class Rmse(InUnit):
    """The root mean squared error of each image, then the mean over images."""

    api_version = 1
    summary: ClassVar[str] = "root mean squared error, in the target's unit"

    @property
    def signature(self) -> str:
        return "rmse|range:target-unit|masked:pixels-skipped|root:each-image|mean:images|v1"

    def error(self, item: Scored) -> float:
        return math.sqrt(error_means(item).square)
