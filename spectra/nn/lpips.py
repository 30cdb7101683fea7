"""LPIPS, version 0.1: the distance of Zhang et al., The Unreasonable Effectiveness of Deep Features, 2018."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from spectra import weights
from spectra.errors import ModelError
from spectra.nn.backbones.backbone import ARCHITECTURES, Backbone
from spectra.nn.pixels import by_pixel, parts
from spectra.nn.strips import Geometry, Strip, geometry

Net = Literal["vgg", "alex", "squeeze"]

NETS: Mapping[str, tuple[str, Mapping[str, int]]] = {
    "vgg": ("vgg16", {"relu1_2": 64, "relu2_2": 128, "relu3_3": 256, "relu4_3": 512, "relu5_3": 512}),
    "alex": ("alexnet", {"relu1": 64, "relu2": 192, "relu3": 384, "relu4": 256, "relu5": 256}),
    "squeeze": (
        "squeezenet",
        {"relu1": 64, "fire3": 128, "fire5": 256, "fire6": 384, "fire7": 384, "fire8": 512, "fire9": 512},
    ),
}
"""Of each net its backbone, and the layers whose maps are compared, with their widths."""

SHIFT, SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
"""ImageNet's mean and deviation on [-1, 1], in the digits of the version."""
_EPSILON = 1e-10
_LEAST_LENGTH = 1e-10
_LEAST_SQUARE = _LEAST_LENGTH**2
"""Under the root of a length, whose slope at 0 is infinite: below it a pixel's features count as none."""


def lpips_weights(net: str) -> tuple[str, ...]:
    """The names of the weights it needs: its backbone, and the layers on top."""
    return ARCHITECTURES[NETS[net][0]].weights, f"lpips_{net}"


class Lpips(nn.Module):
    """``Lpips("vgg")(one, other)``: the distance of each image of a batch, ``(n,)``; images ``(n, 3, h, w)``, [-1, 1].

    The linear layers have dropout before them where they are learned; it plays no part here, in train mode neither.
    Gradients go to whichever image needs one. All but the backbone's convolutions is computed in float32 at least.
    """

    def __init__(self, net: Net = "vgg") -> None:
        super().__init__()
        backbone, layers = NETS[net]
        self.net = net
        self.backbone = Backbone(backbone, list(layers))
        self.register_buffer("shift", torch.tensor(SHIFT).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("scale", torch.tensor(SCALE).view(1, 3, 1, 1), persistent=False)
        state = weights.load(f"lpips_{net}")
        for place, width in enumerate(layers.values()):
            self.register_buffer(f"linear{place}", _linear(state, place, width, net), persistent=False)

    def forward(self, one: Tensor, other: Tensor) -> Tensor:
        return self.between(self.maps(one), self.maps(other))

    def maps(self, image: Tensor) -> list[Tensor]:
        """What the network sees in ``(n, 3, h, w)`` images: a map of each layer that is compared."""
        found: list[Tensor] = self.backbone((image - self.get_buffer("shift")) / self.get_buffer("scale"))
        return found

    def between(self, of_one: Sequence[Tensor], of_other: Sequence[Tensor]) -> Tensor:
        """The distance of images by their maps."""
        with torch.autocast(of_one[0].device.type, enabled=False):
            distances = [
                ((_unit(a) - _unit(b)).square() * linear).sum(1).mean((1, 2))
                for a, b, linear in zip(of_one, of_other, self.linears, strict=True)
            ]
            return torch.stack(distances).sum(0)

    @property
    def linears(self) -> list[Tensor]:
        """How much each channel of each map counts, ``(1, c, 1, 1)``."""
        return [self.get_buffer(f"linear{place}") for place in range(len(NETS[self.net][1]))]


class LpipsScorer:
    """LPIPS of single images, without gradients, for many predictions of one target: what is computed of a target is
    kept, in as many numbers as its maps have; sums are taken in float64."""

    def __init__(self, network: Lpips) -> None:
        self.network = network
        self.least_side = network.backbone.least_side
        self.geometry: Geometry = geometry(network.backbone.features, network.backbone.numbers)

    def kept(self, target: Tensor, strip: Strip) -> list[Tensor]:
        """Of what a strip shows of a target, ``(1, 3, h, w)``: each pixel's features at length 1."""
        maps = [by_pixel(features) for features in self._maps(target, strip)]
        return [torch.cat([_unit_pixels(part) for (part,) in parts(features)]) for features in maps]

    def sums(self, prediction: Tensor, kept: Sequence[Tensor], strip: Strip) -> Tensor:
        """Of every layer the sum over its pixels, and how many there are: ``(layers, 2)``."""
        layers = zip(self._maps(prediction, strip), kept, self.network.linears, strict=True)
        return torch.stack([_apart(by_pixel(features), unit, linear) for features, unit, linear in layers])

    def value(self, sums: Sequence[Tensor]) -> float:
        """The distance, of the sums of all strips."""
        total, count = torch.stack(list(sums)).sum(0).unbind(1)
        return float((total / count).sum())

    def _maps(self, image: Tensor, strip: Strip) -> list[Tensor]:
        found = self.network.maps(image)
        return [strip.own(features, stride) for features, stride in zip(found, self.geometry.strides, strict=True)]


def _apart(features: Tensor, unit: Tensor, linear: Tensor) -> Tensor:
    total = torch.zeros(features.shape[1], dtype=torch.float64)
    for own, other in parts(features, unit):
        total += _unit_pixels(own).sub_(other).square_().sum(0).cpu()
    return torch.stack([total @ linear.flatten().cpu().double(), total.new_tensor(len(features))])


def _unit_pixels(features: Tensor) -> Tensor:
    """As ``_unit``, of ``(pixels, c)``."""
    length: Tensor = torch.linalg.vector_norm(features, dim=1, keepdim=True)
    return features / length.clamp_(min=_LEAST_LENGTH).add_(_EPSILON)


def _linear(state: Mapping[str, Tensor], place: int, width: int, net: str) -> Tensor:
    key = f"lin{place}.model.1.weight"
    if key not in state or state[key].shape != (1, width, 1, 1):
        raise ModelError(
            f"The weights 'lpips_{net}' are not those of LPIPS 0.1: {key} is missing or of another shape. Fetch them "
            f"anew: spectra weights fetch lpips_{net}"
        )
    return state[key].detach()


def _unit(features: Tensor) -> Tensor:
    """Each pixel's features at length 1."""
    features = features.to(torch.promote_types(features.dtype, torch.float32))
    square = features.square().sum(1, keepdim=True)
    return features / (square.clamp(min=_LEAST_SQUARE).sqrt() + _EPSILON)
