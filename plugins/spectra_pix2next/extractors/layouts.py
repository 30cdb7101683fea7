"""Norms, and where channels lie. The nesting gives weights the names that they have in published checkpoints."""

from __future__ import annotations

from torch import Tensor, nn

EPSILON = 1e-6


class ChannelsLast(nn.Module):
    """``(n, c, h, w)`` to ``(n, h, w, c)``."""

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(0, 2, 3, 1)


class ChannelsFirst(nn.Module):
    """``(n, h, w, c)`` to ``(n, c, h, w)``."""

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(0, 3, 1, 2)


def norm_of_maps(channels: int) -> nn.Sequential:
    """Of maps whose channels come first; they come last in what it gives."""
    return nn.Sequential(ChannelsLast(), nn.LayerNorm(channels, eps=EPSILON))


def norm_of_pixels(channels: int) -> nn.Sequential:
    """Of maps whose channels come last."""
    return nn.Sequential(nn.LayerNorm(channels, eps=EPSILON))
