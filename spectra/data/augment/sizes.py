"""Between which limits the size of an image lies after each operation, before anything is drawn."""

from __future__ import annotations

from typing import NamedTuple

Size = tuple[int, int]
"""Height and width."""


class Sizes(NamedTuple):
    """The smallest and the largest height and width that there can be."""

    low: Size
    high: Size

    @property
    def fixed(self) -> bool:
        return self.low == self.high

    @property
    def transposed(self) -> Sizes:
        """With height and width exchanged, or not."""
        low, high = min(self.low), max(self.high)
        return Sizes((low, low), (high, high))


def shown(size: Size) -> str:
    return f"{size[1]}×{size[0]}"


def rounded(value: float) -> int:
    """To the nearest, halves up; at least one pixel."""
    return max(1, int(value + 0.5))
