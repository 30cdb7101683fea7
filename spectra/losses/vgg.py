"""The VGG loss of pix2pixHD."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field
from torch import Tensor

from spectra.loss import Loss
from spectra.losses.bands import Bands, three_bands
from spectra.losses.features import ImageNetNormalised, feature_distance
from spectra.losses.ranges import in_range
from spectra.losses.shapes import check_shapes
from spectra.nn.backbones.backbone import ARCHITECTURES, Backbone
from spectra.settings import Config

LAYERS = {"relu1_1": 1 / 32, "relu2_1": 1 / 16, "relu3_1": 1 / 8, "relu4_1": 1 / 4, "relu5_1": 1.0}


class Vgg(Loss):
    """``Σ weight · mean |features(prediction) - features(target)|``, relu1_1, …, relu5_1 of VGG-19, 1/32, 1/16, …, 1.

    As in the code of Wang et al. 2018: each mean is over the whole batch, the target has no gradient, and the network
    sees images on [-1, 1] that are not normalised as ImageNet's are, which it was trained on.
    """

    api_version = 1
    summary: ClassVar[str] = "distance of the features of VGG-19, layers and weights of pix2pixHD"

    class Settings(Config):
        normalise: Literal["none", "imagenet"] = Field(
            "none",
            description="`none`: images on [-1, 1] as they are; `imagenet`: on [0, 1], with ImageNet's mean and "
            "deviation taken out",
        )
        bands: Bands | None = Field(
            None, description="the three bands it sees, counted from 0; none: all of three, or the only one three times"
        )

    @classmethod
    def needs(cls, settings: Any) -> tuple[str, ...]:
        return (ARCHITECTURES["vgg19"].weights,)

    def __init__(self, settings: Config) -> None:
        super().__init__(settings)
        self.backbone = Backbone("vgg19", list(LAYERS))
        self.normalised = ImageNetNormalised()

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        check_shapes(prediction, target)
        seen, wanted = self._seen(prediction), self._seen(target)
        return feature_distance(self.backbone, seen, wanted, list(LAYERS.values()))

    def _seen(self, image: Tensor) -> Tensor:
        image = three_bands(image, self.settings.bands, "vgg")
        return in_range(image, "sym") if self.settings.normalise == "none" else self.normalised(image)
