"""Weights to begin with."""

from __future__ import annotations

from torch import nn

STD = 0.02
Convolution = nn.Conv1d | nn.Conv2d | nn.Conv3d | nn.ConvTranspose2d


def normal_convolutions(network: nn.Module, but: nn.Module | None = None) -> None:
    """Weights of all convolutions from N(0, 0.02), as the released trainer draws them; biases, norms and linear layers
    stay as they are. ``but``: a part that is left alone, as it has learned already."""
    kept = set() if but is None else set(but.modules())
    for part in network.modules():
        if isinstance(part, Convolution) and part not in kept:
            nn.init.normal_(part.weight, 0.0, STD)
