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
            inner = self.shared(torch.cat(_Means.apply(x), 2))
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


class _Means(torch.autograd.Function):
    """The means of each row and of each column, in float at least; their gradient is written once, not four times."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> tuple[Tensor, Tensor]:
        ctx.dtype, ctx.sides = x.dtype, x.shape[2:]
        wide = widened(x)
        return wide.mean(3), wide.mean(2)

    @staticmethod
    def backward(ctx: Any, rows: Tensor, columns: Tensor) -> Tensor:
        height, width = ctx.sides
        of_rows: Tensor = (rows / width).to(ctx.dtype)
        of_columns: Tensor = (columns / height).to(ctx.dtype)
        return of_rows[..., None] + of_columns[:, :, None]


class _Product(torch.autograd.Function):
    """``onto + x · rows · columns``, which keeps ``x`` for the gradient and no product of it."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, rows: Tensor, columns: Tensor, onto: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, rows, columns)
        ctx.added = onto is not None
        weighed = x * rows
        return weighed.mul_(columns) if onto is None else torch.addcmul(onto, weighed, columns)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        x, rows, columns = ctx.saved_tensors
        weighed = gradient * x
        of_rows = torch.matmul(weighed, columns.transpose(2, 3))
        of_columns = torch.matmul(rows.transpose(2, 3), weighed)
        torch.mul(gradient, rows, out=weighed).mul_(columns)
        return weighed, of_rows, of_columns, gradient if ctx.added else None
