"""What the blocks of Inception v3 are made of."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional

Size = int | tuple[int, int]


class Convolution(nn.Conv2d):
    """A convolution with its norm folded in, then a ReLU. ``name`` is that of the weights."""

    def __init__(
        self, name: str, before: int, width: int, kernel: Size = 1, *, stride: int = 1, same: bool = True
    ) -> None:
        """``same``: zeros around, so that what comes out is as large as what went in."""
        height, breadth = (kernel, kernel) if isinstance(kernel, int) else kernel
        padding = (height // 2, breadth // 2) if same else 0
        super().__init__(before, width, (height, breadth), stride, padding)
        self.name = name

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(super().forward(x), inplace=True)


class Beside(nn.ModuleList):
    """Branches of one input side by side, their channels one after the other."""

    def __init__(self, branches: Iterable[nn.Module]) -> None:
        super().__init__(branches)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self], 1)


class Branches:
    """Makes the branches of one block, whose layers are named after it: each is a chain of layers."""

    def __init__(self, block: str, before: int) -> None:
        self.block, self.before = block, before

    def chain(self, *layers: tuple[str, int, Size], shrink: bool = False, first: nn.Module | None = None) -> nn.Module:
        """Layers by name, width and kernel; ``shrink``: the last has a stride of 2 and no border; ``first``: a pool."""
        before, found = self.before, [] if first is None else [first]
        for place, (name, width, kernel) in enumerate(layers, start=1):
            last = shrink and place == len(layers)
            found.append(
                Convolution(f"{self.block}.{name}", before, width, kernel, stride=2 if last else 1, same=not last)
            )
            before = width
        return nn.Sequential(*found)

    def fork(self, *layers: tuple[str, int, Size], ends: tuple[str, str], width: int) -> nn.Module:
        """A chain that ends in a flat kernel and an upright one side by side."""
        before = layers[-1][1]
        flat = Convolution(f"{self.block}.{ends[0]}", before, width, (1, 3))
        upright = Convolution(f"{self.block}.{ends[1]}", before, width, (3, 1))
        return nn.Sequential(self.chain(*layers), Beside([flat, upright]))


def average() -> nn.Module:
    """Of the neighbours that are there: TensorFlow does not count the zeros beyond the border."""
    return nn.AvgPool2d(3, 1, 1, count_include_pad=False)
