"""What a coarser scale hands on to the next."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional


class Merge(nn.Module):
    """The features of the coarser scale, doubled in size, beside those of the stem, brought to the width by 3×3."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(2 * width, width, 3, padding=1)

    def forward(self, stem: Tensor, coarser: Tensor) -> Tensor:
        merged: Tensor = self.convolution(torch.cat([stem, doubled(coarser).to(stem.dtype)], 1))
        return merged


class EncoderSkips(nn.Module):
    """Each level of the coarser encoder by a 1×1, doubled in size, for the same level of the next."""

    def __init__(self, width: int, levels: int) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(levels)]
        self.projections = nn.ModuleList(nn.Conv2d(channels, channels, 1) for channels in widths)

    def forward(self, levels: Sequence[Tensor]) -> list[Tensor]:
        return [doubled(project(level)) for project, level in zip(self.projections, levels, strict=False)]


def doubled(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
