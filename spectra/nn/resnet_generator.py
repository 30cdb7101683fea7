"""The residual generator of CycleGAN (Zhu et al., 2017), after Johnson et al. (2016)."""

from __future__ import annotations

from torch import Tensor, nn

from spectra.nn.norms import Norm, biased, norm
from spectra.nn.residual import ResidualBlock
from spectra.nn.tanh import Tanh
from spectra.nn.upsample import Upsampling, upsample


class ResnetGenerator(nn.Module):
    """Images of ``source`` channels to images of ``target`` channels in [-1, 1]; keys as in the official code.

    Height and width divide by 2 to the number of ``downs``, or the result is larger than the image.
    """

    def __init__(
        self,
        source: int,
        target: int,
        width: int = 64,
        blocks: int = 9,
        norm: Norm = "instance",
        dropout: float = 0.0,
        downs: int = 2,
        upsample: Upsampling = "transposed",
    ) -> None:
        super().__init__()
        bias, widest = biased(norm), width * 2**downs
        self.model = nn.Sequential(
            nn.ReflectionPad2d(3),
            *_normed(nn.Conv2d(source, width, 7, bias=bias), norm, width),
            *(layer for i in range(downs) for layer in _down(width * 2**i, norm)),
            *(ResidualBlock(widest, norm, dropout, bias) for _ in range(blocks)),
            *(layer for i in range(downs, 0, -1) for layer in _up(width * 2**i, norm, upsample)),
            nn.ReflectionPad2d(3),
            nn.Conv2d(width, target, 7),
            Tanh(),
        )

    def forward(self, source: Tensor) -> Tensor:
        target: Tensor = self.model(source)
        return target


def _normed(convolution: nn.Module, kind: Norm, channels: int) -> list[nn.Module]:
    return [convolution, norm(kind, channels), nn.ReLU(True)]


def _down(channels: int, kind: Norm) -> list[nn.Module]:
    """Half the size, twice the channels."""
    layer = nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1, bias=biased(kind))
    return _normed(layer, kind, 2 * channels)


def _up(channels: int, kind: Norm, upsampling: Upsampling) -> list[nn.Module]:
    """Twice the size, half the channels."""
    return _normed(upsample(upsampling, channels, channels // 2, biased(kind)), kind, channels // 2)
