"""DISTS: the distance of Ding et al., Image Quality Assessment: Unifying Structure and Texture Similarity, 2020."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from spectra import weights
from spectra.errors import ModelError
from spectra.nn.backbones.backbone import ARCHITECTURES, DEVIATION, MEAN, Backbone, least_side
from spectra.nn.channel_moments import Kept, Moments, keep, moments_of, together
from spectra.nn.l2_pool import L2Pool
from spectra.nn.pixels import by_pixel
from spectra.nn.strips import Geometry, Strip, geometry

LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3")
WIDTHS = (3, 64, 128, 256, 512, 512)
"""The image itself, and the layers."""


def dists_weights() -> tuple[str, ...]:
    """The names of the weights it needs: its backbone, and how much each channel counts."""
    return ARCHITECTURES["vgg16"].weights, "dists"


class Dists(nn.Module):
    """VGG-16 with L2 pooling in place of the maximum, and how much the texture (``alpha``) and the structure (``beta``)
    of each channel count: float64 on the CPU, as sums are taken there."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = Backbone("vgg16", LAYERS)
        for number, layer in enumerate(features := self.backbone.features):
            if isinstance(layer, nn.MaxPool2d):
                before = next(it for it in reversed(features[:number]) if isinstance(it, nn.Conv2d))
                features[number] = L2Pool(before.out_channels)
        self.backbone.least_side = least_side(features)
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(DEVIATION).view(1, 3, 1, 1), persistent=False)
        self.alpha, self.beta = _shares(weights.load("dists"))

    def forward(self, image: Tensor) -> list[Tensor]:
        """Images ``(n, 3, h, w)`` on [0, 1], of any size: themselves, and the maps of the layers."""
        found = self.backbone((image - self.get_buffer("mean")) / self.get_buffer("deviation"))
        return [image, *found]

    def distance(self, layers: Sequence[Moments]) -> Tensor:
        """Of the moments of the image and of each layer; 0 for equal images."""
        texture = torch.cat([moments.texture for moments in layers])
        structure = torch.cat([moments.structure for moments in layers])
        return self.alpha @ texture + self.beta @ structure


def _shares(state: Mapping[str, Tensor]) -> list[Tensor]:
    """Of the sum of all numbers."""
    for name in ("alpha", "beta"):
        if name not in state or state[name].numel() != sum(WIDTHS):
            raise ModelError(
                f"The weights 'dists' are not those of DISTS: {name} is missing or of another shape. Fetch them anew: "
                "spectra weights fetch dists"
            )
    found = [state[name].detach().flatten().double() for name in ("alpha", "beta")]
    return [share / torch.cat(found).sum() for share in found]


class DistsScorer:
    """DISTS of single images, without gradients, for many predictions of one target: what is computed of a target is
    kept, in as many numbers as its maps have; moments are float64."""

    def __init__(self, network: Dists) -> None:
        self.network = network
        self.least_side = network.backbone.least_side
        self.geometry: Geometry = geometry(network.backbone.features, network.backbone.numbers, image=True)

    def kept(self, target: Tensor, strip: Strip) -> list[Kept]:
        """Of what a strip shows of a target, ``(1, 3, h, w)``."""
        return [keep(by_pixel(features)) for features in self._maps(target, strip)]

    def sums(self, prediction: Tensor, kept: Sequence[Kept], strip: Strip) -> list[Moments]:
        """Of the image and of every layer the moments over the pixels of this strip."""
        maps = self._maps(prediction, strip)
        return [moments_of(by_pixel(features), known) for features, known in zip(maps, kept, strict=True)]

    def value(self, sums: Sequence[Sequence[Moments]]) -> float:
        """The distance, of the moments of all strips."""
        return float(self.network.distance([together(layer) for layer in zip(*sums, strict=True)]))

    def _maps(self, image: Tensor, strip: Strip) -> list[Tensor]:
        found = self.network(image)
        return [strip.own(features, stride) for features, stride in zip(found, self.geometry.strides, strict=True)]
