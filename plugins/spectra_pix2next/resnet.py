"""The generator of the middle row of the paper's Table 6: pix2pixHD's, with layers of InternImage in its middle."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spectra import SpectraError
from spectra.nn.norms import InstanceNorm
from spectra.nn.upsample import upsample
from spectra_pix2next.extractors.internimage import Layer
from spectra_pix2next.extractors.variants import Variant, variant_of
from spectra_pix2next.settings import Settings


class Resnet(nn.Module):
    """Images of [-1, 1] to images of about [-1, 1]; height and width divide by 2 to the number of ``downs``.

    As pix2pixHD's global generator it halves by strided convolutions and doubles by transposed ones, each with an
    instance norm and a ReLU; its residual blocks are replaced by as many layers of the InternImage that settings name.
    """

    def __init__(self, source: int, target: int, settings: Settings) -> None:
        super().__init__()
        width, widest, halvings = settings.width, settings.width * 2**settings.downs, range(settings.downs)
        variant = _variant(settings, widest)
        self.stem = nn.Sequential(nn.ReflectionPad2d(3), *_normed(nn.Conv2d(source, width, 7), width))
        self.down = nn.Sequential(*(layer for i in halvings for layer in _down(width * 2**i)))
        self.middle = nn.ModuleList(Layer(widest, variant, drop) for drop in _drops(settings))
        self.up = nn.Sequential(*(layer for i in reversed(halvings) for layer in _up(width * 2 ** (i + 1))))
        self.head = nn.Sequential(nn.ReflectionPad2d(3), nn.Conv2d(width, target, 7))
        self.output = settings.output

    def forward(self, image: Tensor) -> Tensor:
        x = self.down(self.stem(image)).permute(0, 2, 3, 1)
        for layer in self.middle:
            x = layer(x)
        made: Tensor = self.head(self.up(x.permute(0, 3, 1, 2)))
        made = made.to(torch.promote_types(made.dtype, torch.float32))
        return torch.tanh(made) if self.output == "tanh" else made

    def blocks(self) -> list[nn.Module]:
        """Those whose activations may be computed again in place of being kept."""
        return list(self.middle)


def _variant(settings: Settings, channels: int) -> Variant:
    variant = variant_of(settings.extractor.removeprefix("internimage:"), settings.internimage)
    if channels % variant.group_channels:
        raise SpectraError(
            f"{channels} channels in the middle cannot have groups of {variant.group_channels}: choose a `width` such "
            f"that {2**settings.downs} × `width` divides by it, or other `internimage.group_channels`."
        )
    return variant


def _drops(settings: Settings) -> list[float]:
    """Which branches are left out while it learns: none unless it is said, then as in InternImage more and more."""
    most, count = settings.internimage.drop_path or 0.0, settings.blocks
    return [most * place / (count - 1) for place in range(count)]


def _normed(convolution: nn.Module, channels: int) -> list[nn.Module]:
    return [convolution, InstanceNorm(channels), nn.ReLU(True)]


def _down(channels: int) -> list[nn.Module]:
    """Half the size, twice the channels."""
    return _normed(nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1), 2 * channels)


def _up(channels: int) -> list[nn.Module]:
    """Twice the size, half the channels."""
    return _normed(upsample("transposed", channels, channels // 2), channels // 2)
