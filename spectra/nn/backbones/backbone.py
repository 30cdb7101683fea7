"""A backbone with its weights, fixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from spectra import weights
from spectra.errors import ModelError, SpectraError, did_you_mean
from spectra.nn.backbones.alexnet import ALEXNET
from spectra.nn.backbones.architecture import Architecture
from spectra.nn.backbones.squeezenet import SQUEEZENET
from spectra.nn.backbones.vgg import VGG16, VGG19

ARCHITECTURES: Mapping[str, Architecture] = {it.name: it for it in (VGG16, VGG19, ALEXNET, SQUEEZENET)}

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's red, green and blue, on [0, 1]."""


def check_layers(name: str, layers: Sequence[str]) -> None:
    """Refuse a backbone or a layer that does not exist."""
    if name not in ARCHITECTURES:
        raise SpectraError(f"There is no backbone {name!r}. Known: {', '.join(ARCHITECTURES)}.")
    places = ARCHITECTURES[name].places
    for layer in layers:
        if layer not in places:
            known = ", ".join(places)
            raise SpectraError(f"{name} has no layer {layer!r}.{did_you_mean(layer, places)} Known: {known}.")
    if not layers:
        raise SpectraError(f"Name at least one layer of {name}: {', '.join(places)}.")


class Backbone(nn.Module):
    """``(n, 3, h, w)`` images to the maps of the layers named, in that order: ``Backbone("vgg19", ["relu1_1"])``.

    The images are on the range that the caller wants; nothing is normalised here. The network ends at the deepest layer
    asked for. Its weights are part of no state and of no player, and nothing in it changes with ``train()``. Where an
    image needs no gradient, nothing is kept for one.
    """

    def __init__(self, name: str, layers: Sequence[str], state: Mapping[str, Tensor] | None = None) -> None:
        """``state``: torchvision's state dict of the whole network; without it, `spectra.weights` is asked."""
        super().__init__()
        check_layers(name, layers)
        architecture = ARCHITECTURES[name]
        self.name = name
        self.numbers = [architecture.places[layer] for layer in layers]
        with torch.device("meta"):
            self.features = nn.Sequential(*architecture.layers()[: max(self.numbers) + 1])
        self._take(weights.load(architecture.weights) if state is None else state, architecture.weights)
        self.least_side = least_side(self.features)

    def forward(self, image: Tensor) -> list[Tensor]:
        self._check(image)
        image = image.to(torch.promote_types(image.dtype, self._dtype)).contiguous(memory_format=torch.channels_last)
        found: dict[int, Tensor] = {}
        for number, layer in enumerate(self.features):
            image = layer(image)
            if number in self.numbers:
                found[number] = image
        return [found[number] for number in self.numbers]

    def _take(self, state: Mapping[str, Tensor], source: str) -> None:
        """The classifier and layers beyond the deepest are in the state and left there; what is used must be there."""
        wanted = self.state_dict()
        if lacking := sorted(key for key in wanted if key not in state or state[key].shape != wanted[key].shape):
            raise ModelError(
                f"The weights {source!r} are not those of torchvision's {self.name}: {', '.join(lacking[:3])} "
                f"{'is' if len(lacking) == 1 else 'are'} missing or of another shape. Fetch them anew: "
                f"spectra weights fetch {source}"
            )
        self.load_state_dict({key: state[key].detach() for key in wanted}, assign=True)
        fix(self)
        self.to(memory_format=torch.channels_last)  # faster on every device, by a tenth on a CPU

    @property
    def _dtype(self) -> torch.dtype:
        return next(self.buffers()).dtype

    def _check(self, image: Tensor) -> None:
        if image.ndim != 4 or image.shape[1] != 3:
            raise SpectraError(f"{self.name} sees images of 3 bands, (n, 3, h, w), not {tuple(image.shape)}.")
        if min(image.shape[2:]) < self.least_side:
            height, width = image.shape[2:]
            raise SpectraError(
                f"{self.name} needs sides of {self.least_side} pixels for the layers asked for, not {height}×{width}: "
                "take larger images or crops, or layers less deep."
            )


def fix(module: nn.Module) -> None:
    """Parameters become buffers that are in no state: they move with the module, and nothing learns or stores them."""
    for part in module.modules():
        for name, parameter in list(part.named_parameters(recurse=False)):
            delattr(part, name)
            part.register_buffer(name, parameter.detach(), persistent=False)


def least_side(layers: nn.Sequential) -> int:
    """The side of the smallest image of which something is left at the end."""
    side = 1
    for layer in reversed(layers):
        if isinstance(layer, nn.Conv2d):
            side = max(1, (side - 1) * layer.stride[0] + layer.kernel_size[0] - 2 * int(layer.padding[0]))
        elif isinstance(layer, nn.MaxPool2d):
            stride, kernel = int(layer.stride), int(layer.kernel_size)  # type: ignore[arg-type]
            side = (side - 1) * stride + (kernel - stride + 1 if layer.ceil_mode else kernel)
    return side
