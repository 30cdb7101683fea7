"""The feature embedding block (FEB): the U-Net that each scale has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from spectra_mpfnet.feature_norm import FeatureNorm
from spectra_mpfnet.residual_attention import SLOPE, ResidualAttention
from spectra_mpfnet.settings import Activation, AttentionNorm, Settings, Skip


@dataclass(frozen=True)
class Style:
    """What all blocks of a network have in common."""

    rcab: bool = True
    convs: int = 2
    reduction: int = 32
    attention_norm: AttentionNorm = "batch"
    affine: bool = False
    norm_first: bool = True
    decoder: Activation = "leaky_relu"
    skip: Skip = "pre_act"

    @classmethod
    def of(cls, settings: Settings) -> Style:
        return cls(
            "rcab" not in settings.without,
            settings.rcab_convs,
            settings.rcab_reduction,
            settings.rcab_norm,
            settings.norm_affine,
            settings.norm_first,
            settings.activation,
            settings.skip_source,
        )


class FeatureEmbedding(nn.Module):
    """Features of ``width`` channels to features of the same size: ``depth`` halvings and as many doublings.

    A block is activation, (transposed) convolution, residual coordinate attention, instance norm. The first one has no
    activation, and the last no norm: it would give every image the same mean colour, whatever head comes behind. With
    a norm in the first one too, little of an image's brightness is left for any later one: see ``norm_first``.
    """

    def __init__(self, width: int, depth: int, style: Style) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(depth)]
        self.skip = style.skip
        self.encoder = nn.ModuleList(
            _down(max(width, wide // 2), wide, level > 0 or style.norm_first, style)
            for level, wide in enumerate(widths)
        )
        self.bottleneck = nn.Conv2d(widths[-1], widths[-1], 3, padding=1)
        self.decoder = nn.ModuleList(
            _up(widths[level] * (1 if level == depth - 1 else 2), widths[max(level - 1, 0)], level > 0, style)
            for level in reversed(range(depth))
        )
        self.encoder_act = nn.LeakyReLU(SLOPE)
        # In place: the bottleneck's result, and what is joined here, are needed by nobody else.
        self.decoder_act = nn.LeakyReLU(SLOPE, inplace=True) if style.decoder == "leaky_relu" else nn.ReLU(inplace=True)

    def forward(self, x: Tensor, coarser: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """``coarser``: what is added to each level's result, finest first. Features, and each level's result."""
        levels: list[Tensor] = []
        for place, block in enumerate(self.encoder):
            x = block(self.encoder_act(x) if place else x)
            if place < len(coarser):
                x = x + coarser[place]
            levels.append(x)
        x = self.bottleneck(self.encoder_act(x))
        for level, block in zip(reversed(range(len(levels))), self.decoder, strict=True):
            joined = x if level == len(levels) - 1 else torch.cat([x, self._skip(levels[level])], 1)
            x = block(self.decoder_act(joined))
        return x, levels

    def _skip(self, level: Tensor) -> Tensor:
        activated: Tensor = self.encoder_act(level) if self.skip == "post_act" else level
        return activated


def _down(source: int, target: int, normed: bool, style: Style) -> nn.Module:
    return _block(nn.Conv2d(source, target, 4, stride=2, padding=1), target, normed, style)


def _up(source: int, target: int, normed: bool, style: Style) -> nn.Module:
    return _block(nn.ConvTranspose2d(source, target, 4, stride=2, padding=1), target, normed, style)


def _block(convolution: nn.Module, channels: int, normed: bool, style: Style) -> nn.Module:
    layers = [convolution]
    if style.rcab:
        layers.append(ResidualAttention(channels, style.convs, style.reduction, style.attention_norm))
    if normed:
        layers.append(FeatureNorm(channels, style.affine))
    return nn.Sequential(*layers)
