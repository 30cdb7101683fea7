"""The instance norm of the feature embedding."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spectra.nn.norms import InstanceNorm


class FeatureNorm(InstanceNorm):
    """Without running statistics; ``affine``: with a scale and a shift for each channel."""

    def __init__(self, channels: int, affine: bool = False) -> None:
        super().__init__(channels)
        self.weight = nn.Parameter(torch.ones(channels)) if affine else None
        self.bias = nn.Parameter(torch.zeros(channels)) if affine else None

    def forward(self, x: Tensor) -> Tensor:
        normed = super().forward(x)
        if self.weight is None or self.bias is None:
            return normed
        return (normed * self.weight[:, None, None] + self.bias[:, None, None]).to(x.dtype)
