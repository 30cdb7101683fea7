"""Actions that move pixels without changing any: each pixel of the result is one of the image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from spectra.data.augment.action import Grid, SideName
from spectra.data.augment.sizes import Size
from spectra.data.catalogue import Window


@dataclass(frozen=True)
class Crop:
    window: Window

    def size(self, size: Size) -> Size:
        return self.window.height, self.window.width

    def within(self, window: Window, size: Size) -> Window | None:
        return window._replace(top=self.window.top + window.top, left=self.window.left + window.left)

    def apply(self, grid: Grid, side: SideName) -> Grid:
        pixels, valid = grid
        rows = slice(self.window.top, self.window.top + self.window.height)
        columns = slice(self.window.left, self.window.left + self.window.width)
        return pixels[:, rows, columns], None if valid is None else valid[rows, columns]


@dataclass(frozen=True)
class Mirror:
    """Left and right change places, or top and bottom."""

    horizontal: bool
    vertical: bool

    def size(self, size: Size) -> Size:
        return size

    def within(self, window: Window, size: Size) -> Window | None:
        top, left, height, width = window
        return Window(
            size[0] - top - height if self.vertical else top,
            size[1] - left - width if self.horizontal else left,
            height,
            width,
        )

    def apply(self, grid: Grid, side: SideName) -> Grid:
        return _each(grid, self._mirrored)

    def _mirrored(self, image: Tensor) -> Tensor:
        return image.flip([axis for axis, said in ((-2, self.vertical), (-1, self.horizontal)) if said])


@dataclass(frozen=True)
class Turn:
    """Counter-clockwise by right angles."""

    quarters: int

    def size(self, size: Size) -> Size:
        return (size[1], size[0]) if self.quarters % 2 else size

    def within(self, window: Window, size: Size) -> Window | None:
        height, width = self.size(size)
        for _ in range(self.quarters % 4):  # back by one quarter: row r, column c comes from row c, column height-1-r
            top, left, rows, columns = window
            window = Window(left, height - top - rows, columns, rows)
            height, width = width, height
        return window

    def apply(self, grid: Grid, side: SideName) -> Grid:
        return _each(grid, self._turned)

    def _turned(self, image: Tensor) -> Tensor:
        return torch.rot90(image, self.quarters, (-2, -1))


def _each(grid: Grid, move: Callable[[Tensor], Tensor]) -> Grid:
    pixels, valid = grid
    return move(pixels), None if valid is None else move(valid)
