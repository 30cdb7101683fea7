"""DCNv3: each pixel chooses nine points of its own to look at, and how much each of them counts."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spectra_pix2next.extractors.deformed import POINTS, deformed
from spectra_pix2next.extractors.layouts import norm_of_maps


class DCNv3(nn.Module):
    """Of ``(n, h, w, channels)``, any size; the 3×3 kernel with stride 1 of all published variants.

    Each of ``groups`` groups of channels has offsets and a mask. At the beginning all offsets are zero and all points
    count alike: a 3×3 average.
    """

    def __init__(self, channels: int, groups: int, scale: float = 1.0) -> None:
        super().__init__()
        self.groups, self.scale = groups, scale
        depthwise = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.dw_conv = nn.Sequential(depthwise, norm_of_maps(channels), nn.GELU())
        self.offset = nn.Linear(channels, groups * POINTS * 2)
        self.mask = nn.Linear(channels, groups * POINTS)
        self.input_proj = nn.Linear(channels, channels)
        self.output_proj = nn.Linear(channels, channels)
        self.reset()

    def reset(self) -> None:
        for linear in (self.offset, self.mask):
            nn.init.zeros_(linear.weight)
        for linear in (self.input_proj, self.output_proj):
            nn.init.xavier_uniform_(linear.weight)
        for linear in (self.offset, self.mask, self.input_proj, self.output_proj):
            nn.init.zeros_(linear.bias)

    def forward(self, x: Tensor) -> Tensor:
        query = self.dw_conv(x.permute(0, 3, 1, 2))
        shape = (*x.shape[:3], self.groups, POINTS)
        mask = self.mask(query).view(shape)
        mask = mask.softmax(-1, dtype=torch.promote_types(mask.dtype, torch.float32))
        offsets = self.offset(query).view(*shape, 2)
        result: Tensor = self.output_proj(deformed(self.input_proj(x), offsets, mask, self.scale))
        return result
