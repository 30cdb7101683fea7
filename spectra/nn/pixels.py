"""Maps pixel by pixel, in parts that stay in the processor's cache while something is made of them."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

_OF_A_PROCESSOR, _OF_A_GPU = 1 << 17, 1 << 26


def by_pixel(features: Tensor) -> Tensor:
    """``(n, c, h, w)`` as ``(n·h·w, c)``: without a copy where channels lie last."""
    return features.permute(0, 2, 3, 1).reshape(-1, features.shape[1])


def parts(*of: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """The same pixels of several, some at a time."""
    one = of[0]
    count = max(1, (_OF_A_PROCESSOR if one.device.type == "cpu" else _OF_A_GPU) // one.shape[1])
    yield from zip(*(torch.split(pixels, count) for pixels in of), strict=True)
