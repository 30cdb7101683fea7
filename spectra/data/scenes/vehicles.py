"""Vehicles seen from above."""

from __future__ import annotations

import numpy as np

from .canvas import Canvas
from .frame import Frame
from .noise import Stream

PAINTS = (
    ("paint_white", 0.28),
    ("paint_silver", 0.26),
    ("paint_black", 0.22),
    ("paint_red", 0.12),
    ("paint_blue", 0.12),
    ("paint_green", 0.07),
)


def park(canvas: Canvas, frame: Frame, stream: Stream, u: float, v: float, heading: tuple[float, float],
         trucks: float = 0.12) -> None:  # fmt: skip
    if stream.chance(trucks):
        _truck(canvas, frame, stream, u, v, heading)
    else:
        _car(canvas, frame, stream, u, v, heading)


def _car(canvas: Canvas, frame: Frame, stream: Stream, u: float, v: float, heading: tuple[float, float]) -> None:
    half = stream.between(2.0, 2.4), stream.between(0.85, 0.98)
    paint, tone = stream.weighted(PAINTS), stream.between(0.8, 1.2)
    patch = frame.patch(u, v, half, heading)
    if patch is None:
        return
    along, across = patch.along * (1 / half[0]), np.abs(patch.across) * (1 / half[1])
    body = (np.abs(along) < 1) & (across < 1)
    canvas.cover(patch.window, body, paint, tone=tone, height=1.0)
    panes = body & (across < 0.86) & (((along > 0.15) & (along < 0.45)) | ((along > -0.8) & (along < -0.6)))
    canvas.cover(patch.window, panes, "glass", height=1.2)
    canvas.paint(patch.window, body & (along > -0.6) & (along < 0.15), height=1.5)
    canvas.mark(patch.window, body, canvas.add("car"))


def _truck(canvas: Canvas, frame: Frame, stream: Stream, u: float, v: float, heading: tuple[float, float]) -> None:
    half = stream.between(3.5, 6.0), 1.25
    paint, tone = stream.weighted(PAINTS), stream.between(0.8, 1.1)
    cargo = stream.weighted((("paint_white", 0.5), ("paint_silver", 0.3), ("paint_blue", 0.2)))
    patch = frame.patch(u, v, half, heading)
    if patch is None:
        return
    body = (np.abs(patch.along) < half[0]) & (np.abs(patch.across) < half[1])
    cab = patch.along > half[0] - 2.0
    canvas.cover(patch.window, body, cargo, tone=tone, height=3.2)
    canvas.cover(patch.window, body & cab, paint, height=2.4)
    canvas.cover(patch.window, body & (np.abs(patch.along - half[0] + 2.2) < 0.3), "rubber", height=1.0)
    canvas.cover(patch.window, body & (np.abs(patch.along - half[0] + 0.5) < 0.3), "glass", height=2.0)
    canvas.mark(patch.window, body, canvas.add("truck"))


def paint_lot(canvas: Canvas, frame: Frame, stream: Stream, u: float, v: float, half: tuple[float, float]) -> None:
    """A car park with painted bays, most of them taken."""
    patch = frame.patch(u, v, half)
    if patch is None:
        return
    inside = (np.abs(patch.along) < half[0]) & (np.abs(patch.across) < half[1])
    canvas.cover(patch.window, inside, "asphalt", tone=stream.between(0.9, 1.3))
    aisles = max(1, int(half[1] / 8))
    for aisle in range(aisles):
        middle = (aisle + 0.5) * 2 * half[1] / aisles - half[1]
        for side in (-1, 1):
            _row(canvas, frame, stream, u, v + middle + side * 5.6, half[0])


def _row(canvas: Canvas, frame: Frame, stream: Stream, u: float, v: float, reach: float) -> None:
    patch = frame.patch(u, v, (reach, 2.5))
    if patch is not None:
        bay = (patch.along + reach) * (1 / 2.7)
        line = (bay - np.floor(bay) < 0.07) & (np.abs(patch.across) < 2.5) & (np.abs(patch.along) < reach)
        canvas.cover(patch.window, line, "marking", tone=0.8)
    for number in range(int(2 * reach / 2.7)):
        if stream.chance(0.62):
            along = (number + 0.5) * 2.7 - reach + 0.1
            park(canvas, frame, stream, u + along, v, (0.0, stream.pick((-1.0, 1.0))), trucks=0.0)
