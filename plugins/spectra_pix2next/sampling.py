"""Layers that halve and double height and width."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from spectra_pix2next.precision import without_autocast


class Down(nn.Module):
    """Each 2×2 pixels side by side in the channels, then a 3×3 convolution to as many channels as there were."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.downsample_conv = nn.Conv2d(4 * channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        half: Tensor = self.downsample_conv(functional.pixel_unshuffle(x, 2))
        return half


class Up(nn.Module):
    """Each pixel four times, then a 3×3 convolution: computed at the size before, in 4/9 of the operations.

    A pixel of the doubled image sees only 2×2 different ones of those before, and which, depends on whether its row
    and its column are even. So there are four kernels of 2×2, whose weights are sums of the 3×3.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.upsample_conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        bias = self.upsample_conv.bias
        assert bias is not None
        four = functional.conv2d(x, phases(self.upsample_conv.weight), bias.repeat(4), padding=1)
        parts = four.permute(0, 2, 3, 1).reshape(len(x), height + 1, width + 1, 2, 2, -1)
        rows = [
            torch.stack([parts[:, a : a + height, b : b + width, a, b] for b in (0, 1)], 3).flatten(2, 3)
            for a in (0, 1)
        ]
        return torch.stack(rows, 2).flatten(1, 2).permute(0, 3, 1, 2)


def phases(kernel: Tensor) -> Tensor:
    """Of a 3×3 kernel, those of 2×2 for even and odd rows and columns, one after the other in the output channels."""
    with without_autocast(kernel):
        rows = torch.stack(_merged(kernel, 2))
        return torch.stack(_merged(rows, 4), 1).flatten(0, 2)


def _merged(kernel: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """Along an axis of three: for an even place the last two fall on one pixel, for an odd one the first two."""
    first, middle, last = kernel.unbind(axis)
    return torch.stack([first, middle + last], axis), torch.stack([first + middle, last], axis)
