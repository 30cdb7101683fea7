"""Pooling without aliases, of Hénaff and Simoncelli 2016."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_LEAST = 1e-12


class L2Pool(nn.Module):
    """The root of the mean square under a Hanning window of 3×3, every second pixel: no aliases, unlike the maximum."""

    kernel_size, stride, padding = 3, 2, 1

    def __init__(self, channels: int) -> None:
        super().__init__()
        window = torch.tensor([0.25, 0.5, 0.25])
        kernel = (window[:, None] * window).expand(channels, 1, 3, 3).contiguous()
        self.register_buffer("kernel", kernel, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        kernel = self.get_buffer("kernel")
        squares = functional.conv2d(x.square(), kernel, stride=self.stride, padding=self.padding, groups=len(kernel))
        return squares.add_(_LEAST).sqrt_()
