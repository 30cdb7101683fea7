"""Ground coordinates of an orthophoto: metres along u and v, turned against the image, the origin in its middle."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .canvas import Window
from .noise import Floats, Stream


class Patch(NamedTuple):
    """The part of the image around an object, with the object's own coordinates in metres."""

    window: Window
    along: Floats
    across: Floats


class Frame:
    def __init__(self, stream: Stream, shape: tuple[int, int]) -> None:
        self.shape = shape
        shrink = min(
            1.0, max(0.3, min(shape) / 256 + 0.1)
        )  # small images see a wider place, or there would be nothing in it
        self.scale = stream.between(1.5, 2.2) * shrink  # pixels a metre
        self.cosine, self.sine = stream.direction()
        rows, columns = shape
        y = ((np.arange(rows) + 0.5 - rows / 2) / self.scale).astype(np.float32)[:, None]
        x = ((np.arange(columns) + 0.5 - columns / 2) / self.scale).astype(np.float32)[None, :]
        self.u = x * self.cosine + y * self.sine
        self.v = y * self.cosine - x * self.sine
        self.reach_u = (columns * abs(self.cosine) + rows * abs(self.sine)) / 2 / self.scale
        self.reach_v = (rows * abs(self.cosine) + columns * abs(self.sine)) / 2 / self.scale

    def pixel(self, u: float, v: float) -> tuple[float, float]:
        """Column and row."""
        x, y = u * self.cosine - v * self.sine, u * self.sine + v * self.cosine
        return x * self.scale + self.shape[1] / 2, y * self.scale + self.shape[0] / 2

    def turned(self, x: float, y: float) -> tuple[float, float]:
        """An image direction in ground coordinates."""
        return x * self.cosine + y * self.sine, y * self.cosine - x * self.sine

    def patch(
        self, u: float, v: float, half: tuple[float, float], heading: tuple[float, float] = (1.0, 0.0)
    ) -> Patch | None:
        """Around an object of these half sizes whose long side points to ``heading``; None where it is out of sight."""
        p, q = heading
        extent_u, extent_v = abs(half[0] * p) + abs(half[1] * q), abs(half[0] * q) + abs(half[1] * p)
        x, y = self.pixel(u, v)
        wide = (extent_u * abs(self.cosine) + extent_v * abs(self.sine)) * self.scale + 2
        high = (extent_u * abs(self.sine) + extent_v * abs(self.cosine)) * self.scale + 2
        rows, columns = self.shape
        top, bottom = max(0, int(y - high)), min(rows, int(y + high) + 1)
        left, right = max(0, int(x - wide)), min(columns, int(x + wide) + 1)
        if top >= bottom or left >= right:
            return None
        window = slice(top, bottom), slice(left, right)
        du, dv = self.u[window] - u, self.v[window] - v
        return Patch(window, du * p + dv * q, dv * p - du * q)
