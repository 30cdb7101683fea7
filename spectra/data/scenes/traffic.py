"""Vehicles of a street: an end that faces the camera and the flank beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .camera import Camera
from .canvas import Canvas
from .noise import Floats, Stream
from .vehicles import PAINTS
from .weather import Weather


@dataclass(frozen=True)
class Vehicle:
    label: str
    x: float
    z: float  # of the end towards the camera
    length: float
    half: float
    height: float
    paint: str
    tone: float
    oncoming: bool


def draw_vehicle(stream: Stream, x: float, z: float, oncoming: bool) -> Vehicle:
    label = stream.weighted((("car", 0.85), ("truck", 0.1), ("bus", 0.05)))
    if label == "car":
        shape = stream.between(3.9, 4.7), stream.between(0.86, 0.95), stream.between(1.42, 1.7)
    else:
        shape = stream.between(6.5, 11), 1.22, stream.between(2.7, 3.3)
    return Vehicle(label, x, z, *shape, stream.weighted(PAINTS), stream.between(0.8, 1.2), oncoming)


def paint_vehicle(canvas: Canvas, camera: Camera, weather: Weather, vehicle: Vehicle) -> None:
    number = canvas.add(vehicle.label)
    _flank(canvas, camera, weather, vehicle, number)
    _end(canvas, camera, weather, vehicle, number)


def _flank(canvas: Canvas, camera: Camera, weather: Weather, vehicle: Vehicle, number: int) -> None:
    """The side that looks at the camera's lane."""
    wall = vehicle.x - vehicle.half if vehicle.x > 0 else vehicle.x + vehicle.half
    if wall * vehicle.x <= 0.02:
        return
    placed = camera.wall(wall, vehicle.z, vehicle.z + vehicle.length, vehicle.height)
    if placed is None:
        return
    window, along, above = placed
    share, up = along * (1 / vehicle.length), above * (1 / vehicle.height)
    front = share if vehicle.oncoming else 1.0 - share  # 0 at the nose
    car = vehicle.label == "car"
    top = np.ones_like(front)
    if car:  # bonnet, windscreen, roof, tail
        top = np.clip(np.minimum((front - 0.2) * 2.6 + 0.6, (1.06 - front) * 2.4 + 0.5), 0.6, 1.0)
    body = (share >= 0) & (share <= 1) & (up > 0.17) & (up < top)
    facing = (weather.toward_x if wall < vehicle.x else -weather.toward_x) * (-1.0)
    look = {"light": min(max(0.15, facing / weather.tangent), 1.2), "depth": vehicle.z, "shadow": 0.0}
    canvas.cover(window, body, vehicle.paint, tone=vehicle.tone, **look)
    pillars = np.abs(front - 0.56) > 0.015
    panes = (
        body & (up > 0.62) & (up < top - 0.07) & pillars & ((front > 0.05) & (front < 0.95) if car else (front < 0.2))
    )
    canvas.cover(window, panes, "glass", **look)
    _wheels(canvas, window, vehicle, along, above, number)
    canvas.mark(window, body, number)


def _wheels(
    canvas: Canvas, window: tuple[slice, slice], vehicle: Vehicle, along: Floats, above: Floats, number: int
) -> None:
    radius = 0.32 if vehicle.label == "car" else 0.48
    for share in (0.18, 0.82):
        dx, dy = along - share * vehicle.length, above - radius
        square = dx * dx + dy * dy
        tyre = square < radius * radius
        canvas.cover(window, tyre, "rubber", depth=vehicle.z, light=0.6)
        canvas.cover(window, square < radius * radius * 0.3, "metal", depth=vehicle.z, light=0.6)
        canvas.mark(window, tyre, number)


def _end(canvas: Canvas, camera: Camera, weather: Weather, vehicle: Vehicle, number: int) -> None:
    placed = camera.upright(vehicle.x, vehicle.z, vehicle.half, vehicle.height)
    if placed is None:
        return
    window, beside, above = placed
    side, up = np.abs(beside) * (1 / vehicle.half), above * (1 / vehicle.height)
    car = vehicle.label == "car"
    rim = np.minimum(1.0, (1.62 - up) if car else 1.0 + 0.0 * up)
    look = {"light": min(max(0.2, -weather.toward_y / weather.tangent), 1.2), "depth": vehicle.z, "shadow": 0.0}
    tyres = (up >= 0) & (up < 0.3) & (side > 0.62) & (side < 0.95)
    body = (up > 0.16) & (up < 1.0) & (side < rim)
    canvas.cover(window, tyres, "rubber", **look)
    canvas.cover(window, body, vehicle.paint, tone=vehicle.tone, **look)
    pane = body & (up > 0.60) & (up < 0.92) & (side < rim - 0.14)
    canvas.cover(window, pane, "glass", mix=0.3, **look)
    lamps = (np.abs(side - 0.78) < 0.15) & (np.abs(up - (0.42 if vehicle.oncoming else 0.5)) < 0.06)
    canvas.cover(window, lamps, "marking" if vehicle.oncoming else "paint_red", **look)
    canvas.cover(window, (side < 0.28) & (np.abs(up - 0.3) < 0.04), "paint_white", **look)
    canvas.cover(window, (up > 0.16) & (up < 0.22) & (side < 0.95), "rubber", **look)
    canvas.mark(window, body | tyres, number)
