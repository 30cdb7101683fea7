"""What a coarser scale hands on to the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from spectra.losses.precision import widened, without_autocast


class Merge(nn.Module):
    """The features of the coarser scale, doubled in size, beside those of the stem, brought to the width by 3×3."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(2 * width, width, 3, padding=1)

    def forward(self, stem: Tensor, coarser: Tensor) -> Tensor:
        merged: Tensor = self.convolution(torch.cat([stem, doubled(coarser)], 1))
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
    """Twice as high and wide, in the numbers that it has; between them computed in float at least."""
    made: Tensor = _Doubled.apply(x)
    return made


class _Doubled(torch.autograd.Function):
    """Bilinear interpolation, which a CPU does several times faster with the channels of a pixel side by side."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.shape, ctx.dtype = x.shape, x.dtype
        with without_autocast(x):
            twice = functional.interpolate(_laid_out(x), scale_factor=2, mode="bilinear", align_corners=False)
        return twice.to(x.dtype).contiguous()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        height, width = ctx.shape[2:]
        back: Tensor = torch.ops.aten.upsample_bilinear2d_backward(
            _laid_out(gradient), [2 * height, 2 * width], list(ctx.shape), False, 2.0, 2.0
        )
        return back.to(ctx.dtype).contiguous()


def _laid_out(x: Tensor) -> Tensor:
    return widened(x).contiguous(memory_format=torch.channels_last)
