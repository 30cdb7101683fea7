"""Sampling by ``grid_sample``, which every device has."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def by_grid(values: Tensor, moved: Tensor, mask: Tensor) -> Tensor:
    """Of ``(n, h, w, c)``; points lie at ``moved``, ``(n, h, w, groups, points, 2)`` in pixels, from each pixel."""
    n, h, w, c = values.shape
    groups, points = mask.shape[3:]
    maps = values.view(n, h * w, groups, c // groups).permute(0, 2, 3, 1).reshape(n * groups, c // groups, h, w)
    grid = _grid(moved).permute(0, 3, 4, 1, 2, 5).reshape(n * groups, points, h * w, 2)
    samples = functional.grid_sample(maps, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    weights = mask.view(n, h * w, groups, points).permute(0, 2, 3, 1).reshape(n * groups, 1, points, h * w)
    return (samples * weights).sum(2).view(n, c, h * w).transpose(1, 2).reshape(n, h, w, c)


def _grid(moved: Tensor) -> Tensor:
    """From the distance in pixels to the position, where -1 and 1 are the borders of the image."""
    h, w = moved.shape[1:3]
    x = torch.arange(w, device=moved.device, dtype=moved.dtype)
    y = torch.arange(h, device=moved.device, dtype=moved.dtype)
    places = torch.stack([x.expand(h, w), y[:, None].expand(h, w)], -1)
    steps = moved.new_tensor([2 / w, 2 / h])
    return (moved + places[:, :, None, None]) * steps + (steps / 2 - 1)
