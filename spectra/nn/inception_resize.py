"""Bilinear resizing as TensorFlow 1 did it, which FID's numbers stand on."""

from __future__ import annotations

import torch
from torch import Tensor

SIDE = 299


def tensorflow_resized(image: Tensor, size: tuple[int, int]) -> Tensor:
    """``(..., h, w)`` at another size: corners are aligned at the top left only, and nothing is smoothed before.

    Pixel ``i`` of the new image lies at ``i * old / new`` of the old one, not at the centres as elsewhere.
    """
    for axis, length in ((-1, size[1]), (-2, size[0])):
        image = _along(image, axis, length)
    return image


def _along(image: Tensor, axis: int, length: int) -> Tensor:
    before = image.shape[axis]
    scale = torch.tensor(before / length, dtype=image.dtype, device=image.device)
    place = torch.arange(length, dtype=image.dtype, device=image.device) * scale
    low = place.long().clamp_max(before - 1)  # in float32 the last place may round up to the end
    share = place - low
    first = image.index_select(axis, low)
    second = image.index_select(axis, (low + 1).clamp_max(before - 1))
    return first + (second - first) * (share if axis == -1 else share[:, None])
