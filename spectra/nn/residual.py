"""The residual block of pix2pixHD and CycleGAN."""

from __future__ import annotations

from torch import Tensor, nn

from spectra.nn.norms import Norm, norm


class ResidualBlock(nn.Module):
    """``x`` plus two convolutions of it, reflected at the edge; no activation after the sum. Keys as official.

    ``bias``: whether the convolutions have one; pix2pixHD's always do, CycleGAN's only with instance norm.
    """

    def __init__(self, channels: int, norm: Norm = "instance", dropout: float = 0.0, bias: bool = True) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            *_convolution(channels, norm, bias),
            nn.ReLU(True),
            *([nn.Dropout(dropout)] if dropout else []),
            *_convolution(channels, norm, bias),
        )

    def forward(self, x: Tensor) -> Tensor:
        branch: Tensor = self.conv_block(x)
        return x + branch


def _convolution(channels: int, kind: Norm, bias: bool) -> list[nn.Module]:
    return [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3, bias=bias), norm(kind, channels)]
