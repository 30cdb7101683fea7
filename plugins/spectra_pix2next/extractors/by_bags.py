"""Sampling by ``embedding_bag``, for the CPU.

A pixel's channels of a group are one row of a table, and a result is a weighted sum of 4 · 9 rows, a bag. This takes no
memory for the samples themselves, nine times the values, and runs on whole rows, where ``grid_sample`` goes through its
gradients number by number. How much is gained: ``benchmarks/dcnv3.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

EDGE = 2
"""Zeros left of, above and below a map: where points outside are held, all four of their corners are zero.
The end of a line is followed by the zeros of the next one, or of the next image."""
AT_ONCE = 512
"""Bags whose rows are copied at once: they fit into a core's cache."""


@dataclass(frozen=True)
class Table:
    """How the rows of ``(n, h, w, groups, channels)`` lie, with zeros around."""

    n: int
    h: int
    w: int
    groups: int

    @property
    def line(self) -> int:
        """Rows of the table in a row of pixels."""
        return (self.w + EDGE) * self.groups

    @property
    def image(self) -> int:
        return (self.h + 2 * EDGE) * self.line

    @property
    def corners(self) -> tuple[int, int, int, int]:
        """How far behind the upper left the four corners lie around a point."""
        return 0, self.groups, self.line, self.line + self.groups

    @property
    def last(self) -> int:
        return self.n * self.image - 1 - self.corners[-1]

    def filled(self, values: Tensor) -> Tensor:
        padded = functional.pad(values, (0, 0, EDGE, 0, EDGE, EDGE))
        return padded.view(self.n * self.image, values.shape[-1] // self.groups)

    def inside(self, rows: Tensor) -> Tensor:
        """What ``filled`` has taken in, out of as many rows."""
        whole = rows.view(self.n, self.h + 2 * EDGE, self.w + EDGE, -1)
        return whole[:, EDGE : EDGE + self.h, EDGE:]

    def points(self, moved: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The row that is the upper left corner of each point, and how far from it the point lies, in x and in y."""
        x, of_x = _split(moved[..., 0], torch.arange(self.w).view(-1, 1, 1))
        y, of_y = _split(moved[..., 1], torch.arange(self.h).view(-1, 1, 1, 1))
        rows = x.mul_(self.groups).add_(y, alpha=self.line).add_(self._firsts())
        return rows.clamp_(0, self.last), of_x, of_y  # the share tells what is no number; beyond the last, all is zero

    def _firsts(self) -> Tensor:
        """The row of the pixel 0, 0 of each image and group, ``(n, 1, 1, groups, 1)``."""
        images = torch.arange(self.n, dtype=torch.int32) * self.image + EDGE * (self.line + self.groups)
        return (images[:, None] + torch.arange(self.groups, dtype=torch.int32)).view(self.n, 1, 1, self.groups, 1)


def _split(moved: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
    """Positions on one axis as whole pixels and what is left over."""
    found = (moved + places).clamp_(-EDGE, len(places))
    whole = found.floor()
    return whole.int(), found.sub_(whole)


class ByBags(torch.autograd.Function):
    """As ``by_grid``; of its own gradient."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, moved: Tensor, mask: Tensor) -> Tensor:
        n, h, w, groups = mask.shape[:4]
        table = Table(n, h, w, groups)
        filled = table.filled(values)
        rows, *shares = table.points(moved)
        result = torch.zeros(values.numel() // filled.shape[1], filled.shape[1], dtype=values.dtype)
        for corner, weights in _weighted(table, mask, *shares):
            result += _summed(filled[corner:], rows, weights)
        ctx.table = table
        ctx.save_for_backward(filled, rows, mask, *shares)
        return result.view_as(values)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        table, (filled, rows, *weighing) = ctx.table, ctx.saved_tensors
        bags = gradient.reshape(-1, filled.shape[1])
        of_values, of_points, of_mask = ctx.needs_input_grad
        values = table.inside(_spread(table, bags, rows, weighing)) if of_values else None
        if not of_points and not of_mask:
            return values, None, None
        return values, *_of_points(_met(table, filled, bags, rows), *weighing)


def by_bags(values: Tensor, moved: Tensor, mask: Tensor) -> Tensor:
    """Of ``(n, h, w, c)``; points lie at ``moved``, ``(n, h, w, groups, points, 2)`` in pixels, from each pixel."""
    result: Tensor = ByBags.apply(values, moved, mask)
    return result


def _weighted(table: Table, mask: Tensor, x: Tensor, y: Tensor) -> Iterator[tuple[int, Tensor]]:
    """Of each corner, where it lies and what it weighs."""
    below = mask * y
    for weights, (left, right) in ((mask - below, table.corners[:2]), (below, table.corners[2:])):
        behind = weights * x
        yield left, weights - behind
        yield right, behind


def _summed(filled: Tensor, rows: Tensor, weights: Tensor) -> Tensor:
    points = rows.shape[-1]
    return functional.embedding_bag(
        rows.view(-1, points), filled, per_sample_weights=weights.view(-1, points), mode="sum"
    )


def _spread(table: Table, bags: Tensor, rows: Tensor, weighing: Sequence[Tensor]) -> Tensor:
    """What comes back to each row: a bag again, of all results that the row has a part in."""
    ordered, order = rows.view(-1).sort()
    bag = order.div(rows.shape[-1], rounding_mode="floor").int()
    count = torch.bincount(ordered, minlength=table.n * table.image)
    begins = (count.cumsum(0) - count).int()
    total = bags.new_zeros(len(count), bags.shape[1])
    for corner, weights in _weighted(table, *weighing):
        told = weights.view(-1).index_select(0, order)
        back = functional.embedding_bag(bag, bags, begins, per_sample_weights=told, mode="sum")
        total[corner:] += back[: len(back) - corner]
    return total


def _met(table: Table, filled: Tensor, bags: Tensor, rows: Tensor) -> Tensor:
    """The product of each result's gradient with each of the four corners of its points, a few at a time."""
    rows = rows.view(len(bags), -1)
    met = bags.new_empty(4, *rows.shape, 1)
    for begin in range(0, len(bags), AT_ONCE):
        some = slice(begin, begin + AT_ONCE)
        for corner, products in zip(table.corners, met[:, some], strict=True):
            seen = filled[corner:].index_select(0, rows[some].flatten())
            torch.bmm(seen.view(*rows[some].shape, -1), bags[some, :, None], out=products)
    return met


def _of_points(met: Tensor, mask: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """The gradients of positions and mask: of a bilinear form."""
    left, right, below_left, below_right = met.view(4, *mask.shape)
    above, below = torch.lerp(left, right, x), torch.lerp(below_left, below_right, x)
    across = torch.lerp(right - left, below_right - below_left, y)
    return torch.stack([across * mask, (below - above) * mask], -1), torch.lerp(above, below, y)
