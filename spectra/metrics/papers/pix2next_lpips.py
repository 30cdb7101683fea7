"""LPIPS as Pix2Next's evaluation computes it."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, ClassVar

from pydantic import Field
from torch import Tensor

from spectra.metrics.bands import BANDS, Bands
from spectra.metrics.deep import Deep
from spectra.metrics.lpips import lpips_scorer
from spectra.nn.lpips import LpipsScorer, lpips_weights
from spectra.settings import Config


class Pix2NextLpips(Deep):
    """For comparison with the tables of Pix2Next only; ``lpips`` is the number that others report.

    What is wrong with it: the network, AlexNet, is made for images on [-1, 1] and is given [0, 1], that is half the
    contrast about a grey too bright; and it is given blue, green, red where it knows red, green, blue, as images are
    read by OpenCV. The order does not matter for one band, which is repeated.
    """

    api_version = 1

    class Settings(Config):
        bands: Bands | None = Field(None, description=BANDS)

    summary: ClassVar[str] = "LPIPS as in Pix2Next's tables: [0, 1] and BGR, where [-1, 1] and RGB are meant"

    @classmethod
    def needs(cls, settings: Any) -> tuple[str, ...]:
        return lpips_weights("alex")

    @property
    def signature(self) -> str:
        wrong = "range:unit-not-rescaled|order:bgr"
        filled = "masked:filled-with-target-mean"
        return f"pix2next.lpips|version:0.1|net:alex|{wrong}|{self.told_bands()}|{filled}|mean:images|v1"

    @property
    def key(self) -> Hashable:
        return "pix2next.lpips"

    def scorer(self) -> LpipsScorer:
        return lpips_scorer("alex", self.device)

    def seen(self, image: Tensor) -> Tensor:
        return image.flip(1)
