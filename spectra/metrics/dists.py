"""DISTS."""

from __future__ import annotations

from collections.abc import Hashable
from functools import cache
from typing import Any, ClassVar

from pydantic import Field
from torch import Tensor

from spectra.metrics.bands import BANDS, Bands
from spectra.metrics.deep import Deep
from spectra.nn.dists import Dists as Network
from spectra.nn.dists import DistsScorer, dists_weights
from spectra.settings import Config


class Dists(Deep):
    """DISTS of Ding et al. 2020 for each image, as it is: the authors' own program first brings images whose shorter
    side is longer than 256 pixels to that size, their module and most papers do not (a recipe says
    ``evaluate: {resize: [256, 256]}``). Images may be of any size.
    """

    api_version = 1

    class Settings(Config):
        bands: Bands | None = Field(None, description=BANDS)

    summary: ClassVar[str] = "DISTS, structure and texture by VGG-16"

    @classmethod
    def needs(cls, settings: Any) -> tuple[str, ...]:
        return dists_weights()

    @property
    def signature(self) -> str:
        fixed = "range:unit|size:as-it-is|c:1e-06,1e-06"
        return f"dists|net:vgg|{fixed}|{self.told_bands()}|masked:filled-with-target-mean|mean:images|v1"

    @property
    def key(self) -> Hashable:
        return "dists"

    def scorer(self) -> DistsScorer:
        return dists_scorer(self.device)

    def seen(self, image: Tensor) -> Tensor:
        return image


@cache
def dists_scorer(device: str) -> DistsScorer:
    """One for the whole process; ``dists_scorer.cache_clear()`` where other weights are to be loaded."""
    return DistsScorer(Network().eval().to(device))
