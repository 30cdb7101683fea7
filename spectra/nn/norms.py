"""Norms between layers, by name."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from spectra.errors import SpectraError

Norm = Literal["instance", "batch", "none"]


class InstanceNorm(nn.Module):
    """Each channel of each image at mean 0 and deviation 1: ``torch.nn.InstanceNorm2d``, without parameters.

    As a group norm with a group for each channel it gives the same values several times faster on a CPU. In bf16 and
    fp16 it is computed in float, since a mean and a deviation of 8 bits would shift what follows.
    """

    def __init__(self, channels: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.channels = channels
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[-1] * x.shape[-2] == 1:
            raise SpectraError(
                f"Instance norm needs more than one pixel in each channel, and got {tuple(x.shape)}: here every value "
                "would become 0. Give larger images, or choose fewer layers that halve them, or another norm."
            )
        wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        return functional.group_norm(wide, self.channels, eps=self.eps).to(x.dtype)

    def extra_repr(self) -> str:
        return f"{self.channels}, eps={self.eps}"


def norm(kind: Norm, channels: int) -> nn.Module:
    """``instance`` has no parameters; ``batch`` has a weight, a bias, and running statistics; ``none`` is nothing."""
    if kind == "instance":
        return InstanceNorm(channels)
    return nn.BatchNorm2d(channels) if kind == "batch" else nn.Identity()


def biased(kind: Norm) -> bool:
    """Whether the official networks of CycleGAN and pix2pix give a convolution before this norm a bias."""
    return kind == "instance"
