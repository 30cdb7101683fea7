"""The range of values that a paper's loss is defined on, from the unit interval that images come in."""

from __future__ import annotations

from typing import Literal

from torch import Tensor

Range = Literal["unit", "sym"]
"""``unit``: [0, 1]. ``sym``: [-1, 1], as networks with a tanh at their end see images."""


def in_range(image: Tensor, wanted: Range) -> Tensor:
    """An image of the unit interval, unclamped, on the range wanted."""
    return image if wanted == "unit" else 2 * image - 1
