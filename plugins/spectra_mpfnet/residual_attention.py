"""The residual coordinate attention block (RCAB)."""

from __future__ import annotations

from torch import Tensor, nn

from spectra_mpfnet.coordinate_attention import CoordinateAttention
from spectra_mpfnet.settings import AttentionNorm

SLOPE = 0.2
"""Of every leaky ReLU of this network."""


class ResidualAttention(nn.Module):
    """``x`` plus coordinate attention of two convolutions of it, or of one, or of itself."""

    def __init__(self, channels: int, convs: int = 2, reduction: int = 32, norm: AttentionNorm = "batch") -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for place in range(convs):
            # In place: what a convolution gave is needed by nobody else, and not for its own gradient.
            layers += [nn.LeakyReLU(SLOPE, inplace=True)] * (place > 0)
            layers.append(nn.Conv2d(channels, channels, 3, padding=1))
        self.branch = nn.Sequential(*layers)
        self.attention = CoordinateAttention(channels, reduction, norm)

    def forward(self, x: Tensor) -> Tensor:
        added: Tensor = self.attention(self.branch(x), x)
        return added
