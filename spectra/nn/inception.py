"""Inception v3 as the authors of FID took it from TensorFlow: what it sees of an image, for distances of whole sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from spectra import weights
from spectra.errors import ModelError, SpectraError
from spectra.nn.backbones.backbone import fix
from spectra.nn.inception_layers import Convolution
from spectra.nn.inception_parts import parts
from spectra.nn.inception_resize import SIDE, tensorflow_resized

Width = Literal[64, 192, 768, 2048]
WEIGHTS = "inception_fid"
"""The name under which `spectra.weights` has them."""
_PLAIN_VARIANCE = 1e-3
"""What the norms add to a variance."""


class Inception(nn.Module):
    """``Inception(2048)(prepared)``: ``(n, width)``, the features behind the first pool (64), the second (192), before
    the place of the auxiliary classifier (768), or at the end (2048), each averaged over the image.

    It is the network of 2015-12-05 with its peculiarities: average pools that do not count the border, a maximum in
    the last block, 1008 classes, of which nothing is left here. It ends at the features asked for. The norms are part
    of the convolutions. It is fixed: nothing in it learns, is stored, or changes with ``train()``.
    """

    def __init__(self, width: Width = 2048, state: Mapping[str, Tensor] | None = None) -> None:
        """``state``: by the names of pytorch-fid and torch-fidelity; without it, `spectra.weights` is asked."""
        super().__init__()
        self.width = width
        with torch.device("meta"):
            self.parts = nn.Sequential(*parts(width))
        self._take(weights.load(WEIGHTS) if state is None else state)

    def forward(self, prepared: Tensor) -> Tensor:
        """Of ``(n, 3, 299, 299)`` on [0, 255], as ``prepared`` makes them."""
        if prepared.ndim != 4 or prepared.shape[1:] != (3, SIDE, SIDE):
            raise SpectraError(f"Inception sees (n, 3, {SIDE}, {SIDE}), not {tuple(prepared.shape)}.")
        image = ((prepared - 128) / 128).contiguous(memory_format=torch.channels_last)
        maps: Tensor = self.parts(image)
        return maps.mean((2, 3))

    def _take(self, state: Mapping[str, Tensor]) -> None:
        for layer in [module for module in self.modules() if isinstance(module, Convolution)]:
            weight, bias = _with_norm(layer, state)
            layer.load_state_dict({"weight": weight, "bias": bias}, assign=True)
        fix(self)
        self.to(memory_format=torch.channels_last)


def prepared(image: Tensor) -> Tensor:
    """``(3, h, w)`` on [0, 1] to what the network sees: on [0, 255], unrounded, resized as TensorFlow 1 did.

    Levels of 8 bits become exactly their numbers.
    """
    return tensorflow_resized((image.double() * 255).float(), (SIDE, SIDE))


def _with_norm(layer: Convolution, state: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Weight and bias of a convolution and the norm behind it in one, in float64."""
    shapes = {"conv.weight": tuple(layer.weight.shape)}
    shapes |= {f"bn.{name}": (layer.out_channels,) for name in ("weight", "bias", "running_mean", "running_var")}
    found = {name: state.get(f"{layer.name}.{name}") for name in shapes}
    for name, shape in shapes.items():
        tensor = found[name]
        if tensor is None or tuple(tensor.shape) != shape:
            raise ModelError(
                f"The weights {WEIGHTS!r} are not those of FID's Inception v3: {layer.name}.{name} is missing or of "
                f"another shape. Fetch them anew: spectra weights fetch {WEIGHTS}"
            )
    weight, scale, shift, mean, variance = (tensor.detach().double() for tensor in found.values() if tensor is not None)
    scale = scale / (variance + _PLAIN_VARIANCE).sqrt()
    return (weight * scale[:, None, None, None]).float(), (shift - mean * scale).float()
