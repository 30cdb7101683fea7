"""LPIPS, version 0.1: the distance of Zhang et al., The Unreasonable Effectiveness of Deep Features, 2018."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from spectra import weights
from spectra.errors import ModelError
from spectra.nn.backbones.backbone import ARCHITECTURES, Backbone

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
_LEAST_SQUARE = 1e-20
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
        of_one, of_other = self._maps(one), self._maps(other)
        with torch.autocast(one.device.type, enabled=False):
            distances = [
                ((_unit(a) - _unit(b)).square() * self.get_buffer(f"linear{place}")).sum(1).mean((1, 2))
                for place, (a, b) in enumerate(zip(of_one, of_other, strict=True))
            ]
            return torch.stack(distances).sum(0)

    def _maps(self, image: Tensor) -> list[Tensor]:
        found: list[Tensor] = self.backbone((image - self.get_buffer("shift")) / self.get_buffer("scale"))
        return found


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
