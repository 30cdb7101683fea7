"""Coordinate attention (Hou, Zhou and Feng, CVPR 2021): which rows, which columns and which channels matter."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from spectra.losses.precision import widened, without_autocast
from spectra_mpfnet.settings import AttentionNorm

FEWEST = 8
"""Channels that it has within, however narrow the features are."""


class CoordinateAttention(nn.Module):
    """``x`` times a factor for each row and one for each column, channel by channel; with ``onto``, added to that.

    Both come from the means along rows and columns, through one shared convolution and one of their own. An instance
    norm in between would take each channel's mean away, and with it what tells one channel from another, so there is
    none to choose. In bf16 and fp16 all but the product is computed in float: it is small, and holds variances.
    """

    def __init__(self, channels: int, reduction: int = 32, norm: AttentionNorm = "batch") -> None:
        super().__init__()
        inner = max(FEWEST, channels // reduction)
        self.shared = Pointwise(channels, inner)
        self.norm = _norm(norm, inner)
        self.act = nn.Hardswish()
        self.rows = Pointwise(inner, channels)
        self.columns = Pointwise(inner, channels)

    def forward(self, x: Tensor, onto: Tensor | None = None) -> Tensor:
        rows, columns = (factors.to(x.dtype) for factors in self.factors(x))
        added: Tensor = _Product.apply(x, rows, columns, onto)
        return added

    def factors(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """``(n, c, h, 1)`` and ``(n, c, 1, w)``, between 0 and 1."""
        with without_autocast(x):
            wide = widened(x)
            inner = self.shared(torch.cat([wide.mean(3), wide.mean(2)], 2))
            inner = self.act(self.norm(inner[..., None])[..., 0])
            rows, columns = inner.split([x.shape[2], x.shape[3]], 2)
            return self.rows(rows).sigmoid()[..., None], self.columns(columns).sigmoid()[:, :, None]


class Pointwise(nn.Linear):
    """A convolution of one pixel, over ``(n, c, length)``: a few numbers, for which a product of matrices is faster."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.matmul(self.weight, x) + self.bias[:, None]


def _norm(kind: AttentionNorm, channels: int) -> nn.Module:
    if kind == "batch":
        return nn.BatchNorm2d(channels)
    return nn.GroupNorm(1, channels) if kind == "group" else nn.Identity()


class _Product(torch.autograd.Function):
    """``onto + x · rows · columns``, which keeps ``x`` for the gradient and no product of it."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, rows: Tensor, columns: Tensor, onto: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, rows, columns)
        ctx.added = onto is not None
        both = rows * columns
        return both.mul_(x) if onto is None else torch.addcmul(onto, x, both)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        x, rows, columns = ctx.saved_tensors
        weighed = gradient * x
        of_rows = torch.matmul(weighed, columns.transpose(2, 3))
        of_columns = torch.matmul(rows.transpose(2, 3), weighed)
        return gradient * (rows * columns), of_rows, of_columns, gradient if ctx.added else None
