"""The last layer of a generator."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Tanh(nn.Module):
    """To [-1, 1]; in bf16 and fp16 its result is float, as an image of so few bits would lose levels."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(x.float() if x.dtype in (torch.float16, torch.bfloat16) else x)
