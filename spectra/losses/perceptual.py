"""Images compared by what a network that knows ImageNet sees in them."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator
from torch import Tensor

from spectra.errors import SpectraError
from spectra.loss import Loss
from spectra.losses.bands import Bands, three_bands
from spectra.losses.features import Distance, ImageNetNormalised, feature_distance
from spectra.losses.ranges import Range, in_range
from spectra.losses.shapes import check_shapes
from spectra.nn.backbones.backbone import ARCHITECTURES, Backbone, check_layers
from spectra.settings import Config


class Perceptual(Loss):
    """``Σ weight · mean |features(prediction) - features(target)|``, or squared, over the layers of a backbone.

    Each mean is over the whole batch. The backbone is fixed, and the target has no gradient. By default relu3_3 of
    VGG-16, squared, on images normalised as ImageNet's: the feature loss of Johnson et al. 2016 in one layer.
    """

    api_version = 1
    summary: ClassVar[str] = "distance of the features of VGG-16, VGG-19, AlexNet or SqueezeNet, layers as you like"

    class Settings(Config):
        backbone: Literal["vgg16", "vgg19", "alexnet", "squeezenet"] = Field(
            "vgg16", description="the network, with torchvision's weights"
        )
        layers: dict[str, float] = Field(
            {"relu3_3": 1.0}, description="its layers that are compared, and their weights"
        )
        distance: Distance = Field("l2", description="`l1`: mean absolute difference; `l2`: mean squared difference")
        normalise: Literal["imagenet", "none"] = Field(
            "imagenet", description="`imagenet`: less the mean of ImageNet's bands, over their deviation"
        )
        range: Range = Field("unit", description="what the backbone sees without normalising: [0, 1] or [-1, 1]")
        bands: Bands | None = Field(
            None, description="the three bands it sees, counted from 0; none: all of three, or the only one three times"
        )

        @model_validator(mode="after")
        def _fits(self) -> Self:
            try:
                check_layers(self.backbone, list(self.layers))
            except SpectraError as why:
                raise ValueError(str(why)) from why
            if self.normalise == "imagenet" and self.range != "unit":
                raise ValueError("the mean of ImageNet is that of [0, 1]: with `range: sym` say `normalise: none`")
            return self

    @classmethod
    def needs(cls, settings: Any) -> tuple[str, ...]:
        return (ARCHITECTURES[settings.backbone].weights,)

    def __init__(self, settings: Config) -> None:
        super().__init__(settings)
        self.backbone = Backbone(self.settings.backbone, list(self.settings.layers))
        self.normalised = ImageNetNormalised()

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        check_shapes(prediction, target)
        seen, wanted = self._seen(prediction), self._seen(target)
        weights = list(self.settings.layers.values())
        return feature_distance(self.backbone, seen, wanted, weights, self.settings.distance)

    def _seen(self, image: Tensor) -> Tensor:
        image = in_range(three_bands(image, self.settings.bands, "perceptual"), self.settings.range)
        return image if self.settings.normalise == "none" else self.normalised(image)
