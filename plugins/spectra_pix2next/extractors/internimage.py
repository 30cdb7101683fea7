"""InternImage: a network of stages like those of a vision transformer, with DCNv3 in the place of attention."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from spectra_pix2next.extractors.dcnv3 import DCNv3
from spectra_pix2next.extractors.extractor import Extractor
from spectra_pix2next.extractors.layouts import ChannelsFirst, norm_of_maps, norm_of_pixels
from spectra_pix2next.extractors.normalised import Normalised
from spectra_pix2next.extractors.variants import Variant

HIDDEN = 4
"""How much wider the middle of a perceptron is."""
STD = 0.02


class Stem(nn.Module):
    """Two convolutions that halve; from ``(n, c, h, w)`` to ``(n, h, w, c)``."""

    def __init__(self, bands: int, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(bands, channels // 2, 3, stride=2, padding=1)
        self.norm1 = norm_of_maps(channels // 2).append(ChannelsFirst())
        self.conv2 = nn.Conv2d(channels // 2, channels, 3, stride=2, padding=1)
        self.norm2 = norm_of_maps(channels)

    def forward(self, image: Tensor) -> Tensor:
        half = self.norm1(self.conv1(image.contiguous(memory_format=torch.channels_last)))
        quarter: Tensor = self.norm2(self.conv2(functional.gelu(half)))
        return quarter


class Downsample(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1, bias=False)
        self.norm = norm_of_maps(2 * channels)

    def forward(self, x: Tensor) -> Tensor:
        half: Tensor = self.norm(self.conv(x.permute(0, 3, 1, 2)))
        return half


class Perceptron(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, HIDDEN * channels)
        self.fc2 = nn.Linear(HIDDEN * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.fc2(functional.gelu(self.fc1(x)))
        return result


class DropPath(nn.Module):
    """In training leaves out a branch, for each sample on its own; what is kept grows, so that the mean stays."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.rate == 0:
            return x
        kept = x.new_empty(len(x), *[1] * (x.ndim - 1)).bernoulli_(1 - self.rate)
        return x * (kept / (1 - self.rate))


class Layer(nn.Module):
    """DCNv3 and a perceptron, each with a norm, in a branch of its own. Of ``(n, h, w, channels)``."""

    def __init__(self, channels: int, variant: Variant, drop_path: float = 0.0) -> None:
        super().__init__()
        self.post_norm = variant.post_norm
        self.norm1 = norm_of_pixels(channels)
        self.dcn = DCNv3(channels, channels // variant.group_channels, variant.offset_scale)
        self.drop_path = DropPath(drop_path)
        self.norm2 = norm_of_pixels(channels)
        self.mlp = Perceptron(channels)
        self.gamma1 = self.gamma2 = None
        if variant.layer_scale is not None:
            self.gamma1 = nn.Parameter(torch.full((channels,), variant.layer_scale))
            self.gamma2 = nn.Parameter(torch.full((channels,), variant.layer_scale))
        self.apply(_begin)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self._branch(x, self.dcn, self.norm1, self.gamma1)
        return x + self._branch(x, self.mlp, self.norm2, self.gamma2)

    def _branch(self, x: Tensor, part: nn.Module, norm: nn.Module, gamma: Tensor | None) -> Tensor:
        result = norm(part(x)) if self.post_norm else part(norm(x))
        answer: Tensor = self.drop_path(result if gamma is None else gamma * result)
        return answer


class Level(nn.Module):
    """Layers of one size. What comes out is the map, and what goes into the next level, where there is one."""

    def __init__(self, channels: int, variant: Variant, drops: Sequence[float], last: bool) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Layer(channels, variant, drop) for drop in drops)
        self.norm = nn.Identity() if variant.post_norm else norm_of_pixels(channels)
        self.downsample = None if last else Downsample(channels)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        for block in self.blocks:
            x = block(x)
        x = self.norm(x)
        return x, x if self.downsample is None else self.downsample(x)


class InternImage(Extractor):
    """Maps at a quarter of the size, an eighth and so on, rounded up; sides of any length."""

    def __init__(self, bands: int, variant: Variant, normalised: bool = False) -> None:
        super().__init__()
        self.variant, self.widths = variant, variant.widths
        self.shown = Normalised(bands) if normalised else nn.Identity()
        self.patch_embed = Stem(bands, variant.channels)
        drops = iter(torch.linspace(0, variant.drop_path, sum(variant.depths), device="cpu").tolist())
        self.levels = nn.ModuleList(
            Level(width, variant, [next(drops) for _ in range(depth)], last=width == self.widths[-1])
            for width, depth in zip(self.widths, variant.depths, strict=True)
        )

    def forward(self, image: Tensor) -> list[Tensor]:
        x = self.patch_embed(self.shown(image))
        maps = []
        for level in self.levels:
            found, x = level(x)
            maps.append(found.permute(0, 3, 1, 2))
        return maps


def _begin(part: nn.Module) -> None:
    """Linear layers from a truncated normal distribution, but those of DCNv3; called for the inner parts first."""
    if isinstance(part, nn.Linear):
        nn.init.trunc_normal_(part.weight, std=STD)
        nn.init.zeros_(part.bias)
    elif isinstance(part, DCNv3):
        part.reset()
