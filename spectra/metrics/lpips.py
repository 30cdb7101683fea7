"""LPIPS."""

from __future__ import annotations

from collections.abc import Hashable
from functools import cache
from typing import Any, ClassVar

from pydantic import Field
from torch import Tensor

from spectra.losses.ranges import Range, in_range
from spectra.metrics.bands import BANDS, Bands
from spectra.metrics.deep import Deep
from spectra.nn.lpips import Lpips as Network
from spectra.nn.lpips import LpipsScorer, Net, lpips_weights
from spectra.settings import Config


class Lpips(Deep):
    """LPIPS 0.1 of Zhang et al. 2018 for each image, the number of the package ``lpips`` with ``normalize=True``.

    The network is made for images on [-1, 1]; that some codes feed it [0, 1] makes another, lower number, which is here
    as ``range: unit``.
    """

    api_version = 1

    class Settings(Config):
        net: Net = Field("alex", description="the backbone: AlexNet, VGG-16 or SqueezeNet 1.1")
        range: Range = Field("sym", description="what the network is fed: `sym`: [-1, 1], as meant; `unit`: [0, 1]")
        bands: Bands | None = Field(None, description=BANDS)

    summary: ClassVar[str] = "LPIPS 0.1, by AlexNet, VGG-16 or SqueezeNet"

    @classmethod
    def needs(cls, settings: Any) -> tuple[str, ...]:
        return lpips_weights(settings.net)

    @property
    def signature(self) -> str:
        net, fed = self.settings.net, self.settings.range
        return (
            f"lpips|version:0.1|net:{net}|range:{fed}|{self.told_bands()}|masked:filled-with-target-mean|mean:images|v1"
        )

    @property
    def key(self) -> Hashable:
        return "lpips", self.settings.net, self.settings.range

    def scorer(self) -> LpipsScorer:
        return lpips_scorer(self.settings.net, self.device)

    def seen(self, image: Tensor) -> Tensor:
        return in_range(image, self.settings.range)


@cache
def lpips_scorer(net: Net, device: str) -> LpipsScorer:
    """One for the whole process; ``lpips_scorer.cache_clear()`` where other weights are to be loaded."""
    return LpipsScorer(Network(net).eval().to(device))
