"""Angular error."""

from __future__ import annotations

import math
from typing import ClassVar

from spectra.metric import Scored
from spectra.metrics.angle import BandAngle


class AngularError(BandAngle):
    """The band angle in degrees, as papers on colour have it. Spectral angle is the same in radians."""

    api_version = 1
    summary: ClassVar[str] = "angle between the colours of prediction and target, in degrees"

    @property
    def unit(self) -> str:
        return "deg"

    @property
    def signature(self) -> str:
        return "angular_error|bands:all|cosine:clipped|zero:both-0,one-90|masked:pixels-skipped|mean:pixels,images|v1"

    def score(self, item: Scored) -> float:
        return math.degrees(self.radians(item))
