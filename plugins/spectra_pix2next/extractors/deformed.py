"""Sampling at points that a network chose: the core of DCNv3.

There is no kernel of our own for GPUs: no profile on one has shown that this would pay.
"""

from __future__ import annotations

import torch
from torch import Tensor

from spectra_pix2next.extractors.by_bags import by_bags
from spectra_pix2next.extractors.by_grid import by_grid

SIDE = 3
POINTS = SIDE * SIDE


def deformed(values: Tensor, offsets: Tensor, mask: Tensor, scale: float = 1.0) -> Tensor:
    """The weighted sum of nine samples of ``values`` around each pixel, for each group of channels on its own.

    ``values``: ``(n, h, w, c)``; ``offsets``: ``(n, h, w, groups, 9, 2)``, the last axis being x, y; ``mask``: ``(n, h,
    w, groups, 9)``. Point k of pixel p lies at ``p + scale · (lattice[k] + offset)``, where x is the outer index of the
    3×3 lattice. Samples are bilinear, and outside the map all is zero. Computed in fp32 at least, whatever comes in.
    """
    kind = torch.promote_types(values.dtype, torch.float32)
    steps = torch.arange(-1, SIDE - 1, device=values.device, dtype=kind)
    lattice = torch.cartesian_prod(steps, steps)
    moved = scale * (lattice + offsets.to(kind))
    core = by_bags if values.device.type == "cpu" else by_grid
    return core(values.to(kind), moved, mask.to(kind)).to(values.dtype)
