"""A pinhole camera above a street: x to the right, y up, z ahead, all in metres from the ground below it."""

from __future__ import annotations

import numpy as np

from .canvas import Window
from .noise import Floats, Stream


class Camera:
    def __init__(self, stream: Stream, shape: tuple[int, int]) -> None:
        rows, columns = shape
        self.shape = shape
        self.eye = stream.between(1.5, 2.1)
        self.focal = stream.between(0.75, 0.95) * (rows + columns) / 2  # pixels
        self.horizon = rows * stream.between(0.44, 0.60)
        self.middle = columns * stream.between(0.38, 0.62)
        y = np.arange(rows, dtype=np.float32)[:, None] + 0.5
        x = np.arange(columns, dtype=np.float32)[None, :] + 0.5
        self.down: Floats = (y - self.horizon) * (1 / self.focal)  # slopes of the rays
        self.right: Floats = (x - self.middle) * (1 / self.focal)

    def column(self, x: float, z: float) -> float:
        return self.middle + self.focal * x / z

    def row(self, y: float, z: float) -> float:
        return self.horizon + self.focal * (self.eye - y) / z

    def window(self, left: float, top: float, right: float, bottom: float) -> Window | None:
        """These pixel bounds, widened to whole pixels and cut to the image; None where nothing is left."""
        rows, columns = self.shape
        first_row, last_row = max(0, int(max(top, 0.0))), min(rows, int(min(max(bottom, -1.0), rows)) + 1)
        first, last = max(0, int(max(left, 0.0))), min(columns, int(min(max(right, -1.0), columns)) + 1)
        if first_row >= last_row or first >= last or bottom < 0 or right < 0:
            return None
        return slice(first_row, last_row), slice(first, last)

    def upright(
        self, x: float, z: float, half: float, height: float, base: float = 0.0
    ) -> tuple[Window, Floats, Floats] | None:
        """A card facing the camera at distance z: its window, metres right of x, metres above the ground."""
        window = self.window(
            self.column(x - half, z), self.row(base + height, z), self.column(x + half, z), self.row(base, z)
        )
        if window is None:
            return None
        return window, self.right[:, window[1]] * z - x, self.eye - self.down[window[0]] * z

    def wall(self, x: float, near: float, far: float, height: float) -> tuple[Window, Floats, Floats] | None:
        """A wall along the street at x: its window, metres along z from ``near``, metres above the ground."""
        ends = self.column(x, near), self.column(x, far)
        window = self.window(min(ends), self.row(height, near), max(ends), self.row(0, near))
        if window is None:
            return None
        slope = self.right[:, window[1]]
        z = x / np.where(slope * x > 1e-6, slope, np.float32(1e-6 if x > 0 else -1e-6))
        return window, z - near, self.eye - self.down[window[0]] * z
