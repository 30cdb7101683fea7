"""Spectral angle."""

from __future__ import annotations

from typing import ClassVar

from spectra.metric import Scored
from spectra.metrics.angle import BandAngle


class SpectralAngle(BandAngle):
    """The spectral angle of remote sensing (SAM): the band angle in radians. Angular error is the same in degrees."""

    api_version = 1
    summary: ClassVar[str] = "angle between the spectra of prediction and target (SAM), in radians"

    @property
    def unit(self) -> str:
        return "rad"

    @property
    def signature(self) -> str:
        return (
            "spectral_angle|bands:all|cosine:clipped|zero:both-0,one-right-angle|masked:pixels-skipped"
            "|mean:pixels,images|v1"
        )

    def score(self, item: Scored) -> float:
        return self.radians(item)
