"""LPIPS as a loss."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field
from torch import Tensor

from spectra.loss import Loss
from spectra.losses.bands import Bands, three_bands
from spectra.losses.ranges import Range, in_range
from spectra.losses.shapes import check_shapes
from spectra.nn.lpips import Lpips as Network
from spectra.nn.lpips import Net, lpips_weights
from spectra.settings import Config


class Lpips(Loss):
    """LPIPS 0.1 of Zhang et al. 2018, the number of the package ``lpips``; the mean over the images.

    The network is fixed, without dropout, and the target has no gradient. It is made for images on [-1, 1]; that some
    codes feed it [0, 1] makes another, lower number, which is here as ``range: unit``.
    """

    api_version = 1
    summary: ClassVar[str] = "LPIPS 0.1, by VGG-16, AlexNet or SqueezeNet"

    class Settings(Config):
        net: Net = Field("vgg", description="the backbone: VGG-16, AlexNet or SqueezeNet 1.1")
        range: Range = Field("sym", description="what the network is fed: `sym`: [-1, 1], as meant; `unit`: [0, 1]")
        bands: Bands | None = Field(
            None, description="the three bands it sees, counted from 0; none: all of three, or the only one three times"
        )

    @classmethod
    def needs(cls, settings: Any) -> tuple[str, ...]:
        return lpips_weights(settings.net)

    def __init__(self, settings: Config) -> None:
        super().__init__(settings)
        self.network = Network(self.settings.net)

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        check_shapes(prediction, target)
        return self.network(self._seen(prediction), self._seen(target.detach())).mean()  # type: ignore[no-any-return]

    def _seen(self, image: Tensor) -> Tensor:
        return in_range(three_bands(image, self.settings.bands, "lpips"), self.settings.range)
