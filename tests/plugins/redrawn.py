"""Tensors and parameters drawn anew in float64, so that no layer is checked where it begins."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import Tensor, nn

Module = TypeVar("Module", bound=nn.Module)


def drawn(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def redrawn(module: Module) -> Module:
    """Every parameter, so that none is 0 or 1 by chance of its beginning."""
    generator = torch.Generator().manual_seed(0)
    module.double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(0.3 + 0.5 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    return module
