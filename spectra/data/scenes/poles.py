"""Street lamps and road signs."""

from __future__ import annotations

import numpy as np

from .camera import Camera
from .canvas import Canvas, Window
from .noise import Bools, Floats, Stream


def paint_pole(canvas: Canvas, camera: Camera, stream: Stream, x: float, z: float) -> None:
    """A street lamp or a road sign."""
    lamp, height = stream.chance(0.6), stream.between(5.5, 7.5)
    placed = camera.upright(x, z, 0.07, height if lamp else 2.4)
    look = {"light": 0.7, "depth": z, "shadow": 0.0}
    if placed is not None:
        window, beside, above = placed
        shaft = (above >= 0) & (np.abs(beside) < max(0.07, 0.6 * z / camera.focal))
        _hide(canvas, window, shaft & (above < (height if lamp else 2.4)), "metal", **look)
    placed = camera.upright(x, z, 0.4, 0.8, height - 0.15 if lamp else 1.9)
    if placed is not None:
        window, beside, above = placed
        _plate(canvas, window, beside, above, lamp, height, look, stream)


def _plate(canvas: Canvas, window: Window, beside: Floats, above: Floats, lamp: bool, height: float,
           look: dict[str, float], stream: Stream) -> None:  # fmt: skip
    if lamp:
        arm = (above > height - 0.12) & (above < height + 0.06) & (np.abs(beside) < 0.4)
        _hide(canvas, window, arm, "metal", **look)
        return
    up = above - 2.25
    square = beside * beside + up * up
    _hide(canvas, window, square < 0.1, stream.pick(("paint_red", "paint_blue")), **look)
    _hide(canvas, window, square < 0.045, "paint_white", **look)


def _hide(canvas: Canvas, window: Window, mask: Bools, material: str, **look: float) -> None:
    """Poles are no instances; what they cover is no longer in sight."""
    canvas.cover(window, mask, material, **look)
    canvas.mark(window, mask, 0)
