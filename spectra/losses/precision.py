"""Sums that need more digits than bfloat16 has: they are taken in float32 at least, under autocast too."""

from __future__ import annotations

import torch
from torch import Tensor


def without_autocast(image: Tensor) -> torch.autocast:
    """What is computed inside keeps the type of its numbers."""
    return torch.autocast(image.device.type, enabled=False)


def widened(image: Tensor) -> Tensor:
    """In float32, or in float64 where it is that."""
    return image.to(torch.promote_types(image.dtype, torch.float32))
