"""Convolutions for another number of image channels: such that a grey image gives the same result as before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from spectra.modalities import Task

Block = tuple[int, int]
"""How many channels an image has there, and how many here."""
INPUT, OUTPUT = 1, 0
"""The axes of a convolution's weight; of a transposed one they are the other way round."""


@dataclass(frozen=True)
class Channels:
    """The image channels of two tasks, between which weights go over."""

    source: Block
    target: Block

    @classmethod
    def of(cls, there: Task, here: Task) -> Channels:
        return cls((there.source.channels, here.source.channels), (there.target.channels, here.target.channels))

    @property
    def both(self) -> tuple[Block, Block]:
        """What a discriminator sees: the source, and behind it the target."""
        return self.source, self.target

    @property
    def shifted(self) -> bool:
        """Whether a discriminator sees as many channels as before, but other ones."""
        return _totals(self.both)[0] == _totals(self.both)[1] and self.source[0] != self.source[1]

    def explain(self, there: int, here: int) -> tuple[Block, ...] | None:
        """The images whose channels an axis counts, where that explains its two lengths."""
        choices: tuple[tuple[Block, ...], ...] = ((self.source,), (self.target,), self.both)
        return next((blocks for blocks in choices if _totals(blocks) == (there, here)), None)

    def __str__(self) -> str:
        return f"{self.source[0]} to {self.source[1]} in the source, {self.target[0]} to {self.target[1]} in the target"


def spread(weight: Tensor, blocks: Sequence[Block], axis: int) -> Tensor:
    """A convolution's weight for other input channels: of each image, the sum over its channels is kept."""
    parts = torch.split(weight, [there for there, _ in blocks], axis)
    return torch.cat([_spread(part, here, axis) for part, (_, here) in zip(parts, blocks, strict=True)], axis)


def repeated(weight: Tensor, here: int, axis: int) -> Tensor:
    """A weight or a bias for other output channels: each is the mean of those there were."""
    return weight.mean(axis, keepdim=True).repeat_interleave(here, axis)


def transposed_weights(module: nn.Module, prefix: str = "") -> set[str]:
    """The names of the weights of transposed convolutions, whose axes are the other way round."""
    kinds = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
    return {f"{prefix}{name}.weight" for name, part in module.named_modules() if isinstance(part, kinds)}


def _spread(part: Tensor, here: int, axis: int) -> Tensor:
    if part.shape[axis] == here:
        return part
    return part.sum(axis, keepdim=True).repeat_interleave(here, axis) / here


def _totals(blocks: Sequence[Block]) -> tuple[int, int]:
    return sum(there for there, _ in blocks), sum(here for _, here in blocks)
