"""Which numbers a layer computes with."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor


def chosen(x: Tensor) -> torch.dtype:
    """The low precision of autocast, or that of ``x`` where there is no autocast, or ``x`` is float64."""
    kind = x.device.type
    if x.dtype == torch.float64 or not (torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)):
        return x.dtype
    return torch.get_autocast_dtype(kind)


def without_autocast(x: Tensor) -> AbstractContextManager[object]:
    """What is computed inside keeps the type of its numbers; devices that only know shapes have no autocast."""
    kind = x.device.type
    return torch.autocast(kind, enabled=False) if torch.amp.is_autocast_available(kind) else nullcontext()
