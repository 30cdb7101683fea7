"""Pix2Next's generator: a U-Net that attends to what an extractor found in the source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import Tensor, nn

from spectra import SpectraError
from spectra_pix2next.attention import Attention
from spectra_pix2next.extractors.extractor import Extractor
from spectra_pix2next.head import Head
from spectra_pix2next.residual import Residual
from spectra_pix2next.settings import Settings
from spectra_pix2next.unet import UNet

Read = TypeVar("Read")
MULTIPLE = 8
"""Height and width divide by it."""
PYRAMID = (0, 1, -1)
"""Which map of the extractor encoder, bottleneck and decoder attend to."""


class Generator(nn.Module):
    """Images of [-1, 1] to images of about [-1, 1], which only `output: tanh` does not let beyond.

    ``extractor`` is given the source, or the stem's features, as the settings say; None: nothing is attended to but
    the image itself. Parts are named so that official keys become ours by four prefixes.
    """

    def __init__(self, source: int, target: int, settings: Settings, extractor: Extractor | None) -> None:
        super().__init__()
        if extractor is not None and settings.attention == "none":
            raise SpectraError("`attention: none` leaves nobody to read the extractor: set `extractor: none` as well.")
        self.settings = settings
        self.stem = nn.Conv2d(source, settings.width, 1)
        self.extractor = extractor
        self.unet = UNet(settings, [None] * 3 if extractor is None else self._read(extractor.widths))
        self.head = Head(settings.width, target, settings.output)

    def _read(self, maps: Sequence[Read]) -> list[Read]:
        """What encoder, bottleneck and decoder read, of one thing for each map of the extractor."""
        if self.settings.condition == "last":
            return [maps[-1]] * 3
        if len(maps) < 2:
            raise SpectraError("`condition: pyramid` needs an extractor of two maps or more, and this one has one.")
        return [maps[place] for place in PYRAMID]

    def forward(self, image: Tensor) -> Tensor:
        height, width = image.shape[-2:]
        if height % MULTIPLE or width % MULTIPLE:
            raise SpectraError(
                f"An image of {height}×{width} cannot be halved three times: pad or cut it so that both sides divide "
                f"by {MULTIPLE}."
            )
        image = _laid_out(image)
        stem = _laid_out(self.stem(image))  # of an image of one channel no layout can be told
        target: Tensor = self.head(self.unet(stem, self._conditions(image, stem)), stem)
        return target

    def _conditions(self, image: Tensor, stem: Tensor) -> list[Tensor | None]:
        if self.extractor is None:
            return [None] * 3
        return [*self._read(self.extractor(stem if self.settings.extractor_input == "stem" else image))]

    def blocks(self) -> list[nn.Module]:
        """Its residual and attention blocks, whose activations may be computed again in place of being kept."""
        return [module for module in self.unet.modules() if isinstance(module, Residual | Attention)]


def _laid_out(x: Tensor) -> Tensor:
    """On a CPU convolutions are faster when the channels of a pixel lie side by side; elsewhere as it comes."""
    return x.contiguous(memory_format=torch.channels_last) if x.device.type == "cpu" else x
