"""The contract of an action: one operation with everything random in it already drawn."""

from __future__ import annotations

from typing import Literal, Protocol

from torch import Tensor

from spectra.data.augment.sizes import Size
from spectra.data.catalogue import Window

SideName = Literal["source", "target"]
Grid = tuple[Tensor, Tensor | None]
"""Pixels ``(c, h, w)``, and ``(h, w)`` that is true where there is data, or None where there is everywhere."""


class Action(Protocol):
    """The same for both images, except that a photometric one leaves alone the side that it is not meant for."""

    def size(self, size: Size) -> Size:
        """Height and width of the result, by those of what it is given."""

    def within(self, window: Window, size: Size) -> Window | None:
        """The part of an image of a size that a part of the result comes from; None: it may come from all of it."""

    def apply(self, grid: Grid, side: SideName) -> Grid: ...
