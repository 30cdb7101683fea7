"""Roads of an orthophoto, gently bent or straight, and the traffic on them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .canvas import Canvas
from .frame import Frame
from .noise import Floats, Stream
from .vehicles import park

KERB = 2.0


@dataclass(frozen=True)
class Road:
    upright: bool  # runs along v
    place: float  # where it crosses the other axis
    bend: float  # 1/m
    width: float
    surface: str = "asphalt"
    pavement: bool = False
    marked: bool = True

    def offset(self, along: float) -> float:
        return self.place + self.bend * along * along

    def heading(self, along: float) -> tuple[float, float]:
        slope = 2 * self.bend * along
        length = math.sqrt(1 + slope * slope)
        return (slope / length, 1 / length) if self.upright else (1 / length, slope / length)

    def point(self, along: float, side: float) -> tuple[float, float]:
        """``side`` metres beside the middle of the road."""
        p, q = self.heading(along)
        u, v = (self.offset(along), along) if self.upright else (along, self.offset(along))
        return u - q * side, v + p * side

    def distances(self, frame: Frame) -> tuple[Floats, Floats]:
        """Metres along the road, and signed metres from its middle."""
        along, across = (frame.v, frame.u) if self.upright else (frame.u, frame.v)
        if not self.bend:
            return along, across - self.place
        slope = along * (2 * self.bend)
        return along, (across - self.place - self.bend * along * along) / np.sqrt(1 + slope * slope)


def paint_road(canvas: Canvas, frame: Frame, road: Road, stream: Stream) -> Floats:
    """Gives the metres from the edge of the road, negative on it."""
    along, across = road.distances(frame)
    side = np.abs(across)
    everywhere, half = canvas.everywhere, road.width / 2
    if road.pavement:
        canvas.cover(everywhere, side < half + KERB, "pavers", tone=stream.between(0.9, 1.15))
    wear = np.abs(np.abs(across * (2 / half)) - 1.0) * -0.4 + stream.between(-0.2, 0.6)
    canvas.cover(everywhere, side < half, road.surface, tone=stream.between(0.85, 1.25), mix=wear)
    if road.marked:
        _mark(canvas, along, across, half)
    edge: Floats = side - (half + (KERB if road.pavement else 0.0))
    return edge


def _mark(canvas: Canvas, along: Floats, across: Floats, half: float) -> None:
    dash = along * (1 / 9)
    dash -= np.floor(dash)
    middle = (np.abs(across) < 0.22) & (dash < 0.4)
    edges = np.abs(np.abs(across) - (half - 0.35)) < 0.16
    canvas.cover(canvas.everywhere, middle | edges, "marking", tone=0.8)


def drive(canvas: Canvas, frame: Frame, road: Road, stream: Stream, spacing: float) -> None:
    """Vehicles in both lanes."""
    reach = frame.reach_v if road.upright else frame.reach_u
    for side in (-0.25, 0.25):
        along = -reach + stream.between(0, spacing)
        while along < reach:
            u, v = road.point(along, side * road.width)
            park(canvas, frame, stream, u, v, road.heading(along))
            along += stream.between(0.5, 2.0) * spacing
