"""Encoder, bottleneck and decoder."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from spectra_pix2next.attention import Attention
from spectra_pix2next.residual import Residual
from spectra_pix2next.sampling import Down, Up
from spectra_pix2next.settings import Settings

ENCODER = (2, 4, 4, 4)
"""Channels of the levels from fine to coarse, in widths."""
DECODER = (4, 2, 2, 1)
"""Channels of the levels on the way back, from coarse to fine."""


class Stage(nn.ModuleList):
    """Blocks one after the other."""

    def __init__(self, blocks: Sequence[nn.Module], resized: bool = False) -> None:
        super().__init__(blocks)
        self.resized = resized
        """Whether it is a lone layer that halves or doubles the size."""

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        for block in self:
            x = block(x, condition) if isinstance(block, Attention) else block(x)
        return x


class UNet(nn.Module):
    """Features to features of the same size and number, whose height and width divide by 8. Keys as official.

    Four levels, of which each but the coarsest is halved and doubled; three stages at the coarsest between them. In a
    stage, the first block takes what comes in, a skip included, to the channels it had before; the second takes it to
    the channels of the level, or is the attention; the others keep it. ``conditions`` are the channels of what encoder,
    bottleneck and decoder attend to.
    """

    def __init__(self, settings: Settings, conditions: Sequence[int | None]) -> None:
        super().__init__()
        self.settings = settings
        encoder, bottleneck, decoder = conditions
        width = settings.width
        inner, outer = settings.attention != "none", settings.attention == "all"
        self.encoder = nn.ModuleList()
        before = width
        for level, times in enumerate(ENCODER):
            last = level == len(ENCODER) - 1
            self.encoder.append(self._stage(before, before, times * width, encoder, outer and last))
            before = times * width
            if not last:
                self.encoder.append(Stage([Down(before)], resized=True))
        self.bottle_neck = nn.ModuleList(
            [self._stage(before, before, before, bottleneck, inner and place == 1) for place in range(3)]
        )
        self.decoder, self.projections = nn.ModuleList(), nn.ModuleList()
        for level, (times, skip) in enumerate(zip(DECODER, reversed(ENCODER), strict=True)):
            if level:
                self.decoder.append(Stage([Up(before)], resized=True))
            joined = self._joined(before, skip * width)
            self.decoder.append(self._stage(joined, before, times * width, decoder, outer and level == 0))
            before = times * width

    def _stage(self, source: int, before: int, target: int, condition: int | None, attends: bool) -> Stage:
        settings = self.settings
        second: nn.Module = (
            Attention(before, settings.heads, settings.groups, condition, settings.merge)
            if attends
            else Residual(before, target, settings.groups)
        )
        others = [Residual(target, target, settings.groups) for _ in range(settings.blocks - 2)]
        return Stage([Residual(source, before, settings.groups), second, *others])

    def _joined(self, channels: int, skip: int) -> int:
        """How many channels a stage of the decoder is given; where skips are added, those of a skip are made to fit."""
        if self.settings.skips == "concat":
            return channels + skip
        self.projections.append(nn.Identity() if channels == skip else nn.Conv2d(skip, channels, 1))
        return channels

    def forward(self, x: Tensor, conditions: Sequence[Tensor | None]) -> Tensor:
        encoder, bottleneck, decoder = conditions
        skips = []
        for stage in self.encoder:
            x = stage(x, encoder)
            if not stage.resized:
                skips.append(x)
        for stage in self.bottle_neck:
            x = stage(x, bottleneck)
        for stage in self.decoder:
            if not stage.resized:
                x = self._join(x, skips.pop(), len(skips))
            x = stage(x, decoder)
        return x

    def _join(self, x: Tensor, skip: Tensor, left: int) -> Tensor:
        if self.settings.skips == "concat":
            return torch.cat([x, skip], 1)
        added: Tensor = x + self.projections[-1 - left](skip)
        return added
