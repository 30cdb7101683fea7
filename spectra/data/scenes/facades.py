"""Buildings along a street: a wall beside the road, an end wall towards the camera, windows, doors and roofs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .camera import Camera
from .canvas import Canvas, Window
from .noise import Bools, Floats, Stream
from .weather import Weather

WALLS = (("plaster", 0.24), ("brick", 0.24), ("ochre_plaster", 0.15), ("concrete", 0.10),
         ("green_plaster", 0.10), ("blue_plaster", 0.07), ("pink_plaster", 0.10))  # fmt: skip


@dataclass(frozen=True)
class Building:
    x: float  # of the wall beside the road; negative is left
    near: float
    far: float
    deep: float  # metres away from the road
    height: float  # of the eaves
    roof: str  # "" where flat
    wall: str
    tone: float
    mix: float
    storey: float
    bay: float
    pane: float  # share of a bay that is glass
    shop: bool


def draw_building(stream: Stream, x: float, near: float, tall: bool) -> Building:
    height = stream.between(8, 22) if tall else stream.between(3.4, 6.5)
    return Building(
        x=x,
        near=near,
        far=near + (stream.between(11, 24) if tall else stream.between(8, 13)),
        deep=stream.between(9, 14),
        height=height,
        roof="" if tall and stream.chance(0.6) else stream.weighted((("roof_tile", 0.65), ("roof_slate", 0.35))),
        wall=stream.weighted(WALLS),
        tone=stream.between(0.72, 1.15),
        mix=stream.between(-0.8, 0.8),
        storey=stream.between(2.9, 3.4),
        bay=stream.between(1.9, 3.3),
        pane=stream.between(0.36, 0.66),
        shop=tall and stream.chance(0.55),
    )


def paint_building(canvas: Canvas, camera: Camera, weather: Weather, building: Building) -> None:
    number = canvas.add("building")
    if building.roof:
        _slope(canvas, camera, weather, building, number)
    _end(canvas, camera, weather, building, number)
    _side(canvas, camera, weather, building, number)


def _side(canvas: Canvas, camera: Camera, weather: Weather, building: Building, number: int) -> None:
    placed = camera.wall(building.x, building.near, building.far, building.height)
    if placed is None:
        return
    window, along, above = placed
    length = building.far - building.near
    inside = (along >= 0) & (along <= length) & (above >= 0) & (above <= building.height)
    facing = -weather.toward_x if building.x > 0 else weather.toward_x
    _face(canvas, weather, building, (window, inside, along, above), facing, number, building.near + along)


def _end(canvas: Canvas, camera: Camera, weather: Weather, building: Building, number: int) -> None:
    """The wall towards the camera, with a gable under a pitched roof."""
    half = building.deep / 2
    middle = building.x + (half if building.x > 0 else -half)
    placed = camera.upright(middle, building.near, half, building.height + building.deep * 0.45)
    if placed is None:
        return
    window, beside, above = placed
    top = building.height + ((half - np.abs(beside)) * 0.8 if building.roof else 0.0)
    inside = (np.abs(beside) <= half) & (above >= 0) & (above <= top)
    near = np.full(beside.shape, np.float32(building.near))
    _face(canvas, weather, building, (window, inside, beside + half, above), -weather.toward_y, number, near)


def _slope(canvas: Canvas, camera: Camera, weather: Weather, building: Building, number: int) -> None:
    """The side of a pitched roof that looks at the road."""
    sign = 1.0 if building.x > 0 else -1.0
    steep, half = 0.8, building.deep / 2
    peak = building.height + half * steep
    ends = [camera.column(x, z) for x in (building.x, building.x + sign * half) for z in (building.near, building.far)]
    window = camera.window(
        min(ends), camera.row(peak, building.near), max(ends), camera.row(building.height, building.far) + 1
    )
    if window is None:
        return
    fall = -camera.down[window[0]] - camera.right[:, window[1]] * (sign * steep)
    z = (building.height - camera.eye - steep * abs(building.x)) / np.where(np.abs(fall) > 1e-4, fall, np.float32(1e-4))
    inward = camera.right[:, window[1]] * z * sign - abs(building.x)
    inside = (z >= building.near) & (z <= building.far) & (inward >= -0.3) & (inward <= half)
    light = weather.incidence(sign * steep, 0.0)
    canvas.cover(window, inside, building.roof, tone=building.tone, light=light, depth=z, shadow=0.0)
    canvas.mark(window, inside, number)


def _face(canvas: Canvas, weather: Weather, building: Building, placed: tuple[Window, Bools, Floats, Floats],
          facing: float, number: int, depth: Floats) -> None:  # fmt: skip
    """``facing``: cosine between the wall's normal and the sun, along the ground."""
    window, inside, along, above = placed
    light = max(0.0, facing) / weather.tangent
    look: dict[str, float | Floats] = {"light": min(light, 1.4), "depth": depth, "shadow": 0.0}
    canvas.cover(window, inside, building.wall, tone=building.tone, mix=building.mix, **look)
    canvas.paint(window, inside, openness=np.clip(above * 0.05 + 0.45, 0.0, 0.8))
    panes, doors = _openings(building, along, above)
    canvas.cover(window, inside & doors, "bark" if not building.shop else "glass", **look)
    canvas.cover(window, inside & panes, "glass", mix=0.4, **look)
    canvas.cover(window, inside & (above < 0.4), "concrete", tone=0.7, **look)
    canvas.mark(window, inside, number)


def _openings(building: Building, along: Floats, above: Floats) -> tuple[Bools, Bools]:
    floor, bay = above * (1 / building.storey), along * (1 / building.bay)
    level, number = np.floor(floor), np.floor(bay)
    up, across = floor - level, np.abs(bay - number - 0.5) * 2.0
    panes = (across < building.pane) & (up > 0.28) & (up < 0.80) & (above < building.height - 0.6)
    frames = (across < 0.06) | (np.abs(up - 0.56) < 0.02)
    ground = level == 0
    third = number - np.floor(number * (1 / 3)) * 3
    doors = ground & (up < 0.72) & (up > 0.02) & ((across < 0.82) if building.shop else ((third == 1) & (across < 0.4)))
    return panes & ~frames & ~(ground & (third == 1)), doors
