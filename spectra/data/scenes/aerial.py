"""Orthophotos: farmland, woods, water, villages, towns and industry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .buildings import build_block, build_house
from .canvas import Canvas
from .crowns import grow
from .fields import paint_hedges, paint_lake, paint_parcels, paint_river, spread
from .frame import Frame
from .noise import Floats, Stream, fractal
from .roads import Road, drive, paint_road
from .shadows import shade
from .vehicles import paint_lot, park
from .weather import Weather, draw_weather

FARMLAND = (("crop", 3.0), ("wheat", 2.0), ("grass", 2.0), ("soil", 1.6), ("stubble", 1.2), ("pale_soil", 1.0),
            ("rapeseed", 0.6), ("heather", 0.25), ("dry_grass", 0.7))  # fmt: skip
WILD = (("grass", 3.0), ("dry_grass", 1.5), ("shrub", 1.2), ("rock", 0.3))
GARDENS = (("lawn", 4.0), ("grass", 2.0), ("dry_grass", 1.0), ("soil", 0.5))
YARDS = (
    ("concrete", 2.0),
    ("asphalt", 2.0),
    ("gravel", 1.6),
    ("pavers", 1.0),
    ("lawn", 1.4),
    ("dry_grass", 0.8),
    ("pale_soil", 0.8),
)


@dataclass
class Place:
    """An orthophoto in the making."""

    canvas: Canvas
    frame: Frame
    weather: Weather
    stream: Stream
    trees: Floats  # density of crowns

    def clear(self, distance: Floats, metres: float = 1.5) -> None:
        """No trunks nearer than this."""
        np.copyto(self.trees, np.float32(0), where=distance < metres)


def paint_aerial(stream: Stream, shape: tuple[int, int]) -> tuple[Canvas, Weather, float]:
    setting = stream.weighted(SETTINGS)
    frame, weather, canvas = Frame(stream, shape), draw_weather(stream, (0.02, 0.10), 0.0, 0.06), Canvas(shape, "grass")
    canvas.depth[:] = 1.0
    place = Place(canvas, frame, weather, stream, np.zeros(shape, np.float32))
    conifers = setting(place)
    grow(canvas, weather, stream, place.trees, frame.scale, conifers)
    canvas.shadow[:] = shade(canvas.height, weather.toward_x, weather.toward_y, weather.tangent / frame.scale)
    return canvas, weather, frame.scale


def farmland(place: Place) -> float:
    canvas, frame, stream = place.canvas, place.frame, place.stream
    parcels = paint_parcels(canvas, frame, stream, FARMLAND, (38, 85))
    place.trees[:] = paint_hedges(canvas, parcels, stream)
    if stream.chance(0.35):
        _wood(place, stream.between(0.15, 0.4))
    if stream.chance(0.25):
        place.clear(np.where(paint_river(canvas, frame, stream, stream.between(4, 14)), np.float32(0), np.float32(9)))
    if stream.chance(0.75):
        _highway(place, stream.between(5.5, 9))
    if stream.chance(0.45):
        _farm(place)
    return stream.between(0, 0.3)


def woodland(place: Place) -> float:
    canvas, frame, stream = place.canvas, place.frame, place.stream
    paint_parcels(canvas, frame, stream, WILD, (50, 110))
    _wood(place, stream.between(-0.25, 0.1))
    if stream.chance(0.35):
        place.clear(np.where(paint_lake(canvas, stream, -0.2), np.float32(0), np.float32(9)))
    track = Road(stream.chance(0.5), stream.between(-0.5, 0.5) * frame.reach_u, stream.between(-3e-3, 3e-3), 3.2,
                 stream.pick(("pale_soil", "gravel", "asphalt")), marked=False)  # fmt: skip
    place.clear(paint_road(canvas, frame, track, stream), 1.0)
    return stream.pick((0.05, 0.3, 0.85))


def waterside(place: Place) -> float:
    canvas, frame, stream = place.canvas, place.frame, place.stream
    parcels = paint_parcels(canvas, frame, stream, WILD if stream.chance(0.5) else FARMLAND, (45, 90))
    place.trees[:] = paint_hedges(canvas, parcels, stream)
    if stream.chance(0.6):
        _wood(place, stream.between(0.0, 0.3))
    river = stream.chance(0.4)
    wet = (
        paint_river(canvas, frame, stream, stream.between(18, 40))
        if river
        else paint_lake(canvas, stream, stream.between(-0.15, 0.1))
    )
    place.clear(np.where(wet, np.float32(0), np.float32(9)))
    if stream.chance(0.5):
        _highway(place, stream.between(5.5, 8))
    return stream.between(0, 0.4)


def village(place: Place) -> float:
    canvas, frame, stream = place.canvas, place.frame, place.stream
    paint_parcels(canvas, frame, stream, GARDENS, (14, 26))
    place.trees[:] = stream.between(0.08, 0.35)
    roads = _grid(place, (48, 75), (60, 110), stream.between(5, 7))
    for u, v, half in _lots(place, roads, stream.between(17, 24)):
        if stream.chance(0.85):
            _homestead(place, u, v, half)
    _traffic(place, roads, 55)
    return stream.between(0, 0.35)


def town(place: Place) -> float:
    canvas, frame, stream = place.canvas, place.frame, place.stream
    paint_parcels(canvas, frame, stream, YARDS, (16, 34))
    place.trees[:] = stream.between(0.05, 0.22)
    roads = _grid(place, (55, 85), (55, 95), stream.between(8, 13))
    for u, v, half in _lots(place, roads, stream.between(26, 36)):
        use = stream.unit()
        if use < 0.62:
            _tower(place, u, v, half, (8, 20))
        elif use < 0.80:
            paint_lot(canvas, frame, stream, u, v, half)
        else:
            _park(place, u, v, half)
    _traffic(place, roads, 27)
    return 0.1


def industry(place: Place) -> float:
    canvas, frame, stream = place.canvas, place.frame, place.stream
    paint_parcels(canvas, frame, stream, YARDS, (22, 50))
    place.trees[:] = stream.between(0.0, 0.12)
    roads = _grid(place, (80, 120), (80, 130), stream.between(8, 12))
    for u, v, half in _lots(place, roads, stream.between(44, 58)):
        if stream.chance(0.72):
            _tower(place, u, v, half, (6, 11))
        else:
            paint_lot(canvas, frame, stream, u, v, half)
    _traffic(place, roads, 36)
    return 0.2


SETTINGS: tuple[tuple[Callable[[Place], float], float], ...] = (
    (farmland, 0.28), (woodland, 0.12), (waterside, 0.15), (village, 0.20), (town, 0.15), (industry, 0.10),
)  # fmt: skip


def _wood(place: Place, level: float) -> None:
    relief = fractal(place.stream, place.canvas.shape, max(16.0, max(place.canvas.shape) / 2.2), 4)
    wooded = relief > level
    place.canvas.cover(place.canvas.everywhere, relief > level - 0.04, "shrub", tone=0.8)
    np.copyto(place.trees, np.float32(0.97), where=wooded)


def _highway(place: Place, width: float) -> None:
    stream, frame = place.stream, place.frame
    road = Road(stream.chance(0.5), stream.between(-0.5, 0.5) * frame.reach_u, stream.between(-1.5e-3, 1.5e-3), width)
    place.clear(paint_road(place.canvas, frame, road, stream), 2.5)
    drive(place.canvas, frame, road, stream, 45)


def _farm(place: Place) -> None:
    stream, frame = place.stream, place.frame
    u, v = stream.between(-0.6, 0.6) * frame.reach_u, stream.between(-0.6, 0.6) * frame.reach_v
    _yard(place, u, v, (22, 20), stream.pick(("gravel", "concrete", "pale_soil")))
    for du, dv in ((-11, -9), (9, -10), (-9, 9), (11, 9)):
        if stream.chance(0.75):
            half = stream.between(5, 10), stream.between(4, 6)
            build_house(place.canvas, frame, place.weather, stream, u + du, v + dv, half)


def _yard(place: Place, u: float, v: float, half: tuple[float, float], material: str) -> None:
    patch = place.frame.patch(u, v, half)
    if patch is not None:
        inside = (np.abs(patch.along) < half[0]) & (np.abs(patch.across) < half[1])
        inside &= place.canvas.height[patch.window] == 0  # a neighbour's wing stays
        place.canvas.cover(patch.window, inside, material, tone=place.stream.between(0.85, 1.1))
        np.copyto(place.trees[patch.window], np.float32(0.04), where=inside)


Roads = tuple[list[float], list[float], float]


def _grid(place: Place, u_step: tuple[float, float], v_step: tuple[float, float], width: float) -> Roads:
    """Streets along both axes; the built-up places lie between them."""
    stream, frame = place.stream, place.frame
    ups, overs = spread(stream, frame.reach_u + 20, *u_step), spread(stream, frame.reach_v + 20, *v_step)
    pavement = stream.chance(0.7)
    for upright, positions in ((True, ups), (False, overs)):
        for position in positions:
            road = Road(upright, position, 0.0, width, pavement=pavement, marked=width > 6)
            place.clear(paint_road(place.canvas, frame, road, stream), 1.0)
    for upright, positions in ((True, ups), (False, overs)):  # crossings are plain asphalt
        for position in positions:
            _plain(place, Road(upright, position, 0.0, width), overs if upright else ups, width)
    return ups, overs, width


def _plain(place: Place, road: Road, others: list[float], width: float) -> None:
    for other in others:
        u, v = (road.place, other) if road.upright else (other, road.place)
        patch = place.frame.patch(u, v, (width / 2, width / 2))
        if patch is not None:
            inside = (np.abs(patch.along) < width / 2) & (np.abs(patch.across) < width / 2)
            place.canvas.cover(patch.window, inside, "asphalt", tone=1.05)


def _lots(place: Place, roads: Roads, size: float) -> list[tuple[float, float, tuple[float, float]]]:
    """Centres and half sizes of the lots between the streets, those in sight."""
    ups, overs, width = roads
    margin, lots = width / 2 + 2.5, []
    for low_u, high_u in pairwise(ups):
        for low_v, high_v in pairwise(overs):
            wide, high = high_u - low_u - 2 * margin, high_v - low_v - 2 * margin
            across, down = max(1, int(wide / size)), max(1, int(high / size))
            half = wide / across / 2, high / down / 2
            for i in range(across):
                for j in range(down):
                    u, v = low_u + margin + (2 * i + 1) * half[0], low_v + margin + (2 * j + 1) * half[1]
                    if place.frame.patch(u, v, half) is not None:
                        lots.append((u, v, half))
    return lots


def _homestead(place: Place, u: float, v: float, half: tuple[float, float]) -> None:
    stream = place.stream
    size = stream.between(0.4, 0.62) * half[0], stream.between(0.4, 0.62) * half[1]
    at_u, at_v = u + stream.between(-0.25, 0.25) * half[0], v + stream.between(-0.25, 0.25) * half[1]
    _drive(place, u, v, half)
    if stream.chance(0.14):
        _pool(place, u + 0.65 * half[0], v + 0.65 * half[1])
    build_house(place.canvas, place.frame, place.weather, stream, at_u, at_v, size)


def _drive(place: Place, u: float, v: float, half: tuple[float, float]) -> None:
    stream = place.stream
    at_u = u - half[0] * 0.78
    _yard(place, at_u, v, (1.6, half[1]), stream.pick(("pavers", "concrete", "gravel", "asphalt")))
    if stream.chance(0.5):
        park(place.canvas, place.frame, stream, at_u, v + stream.between(-0.5, 0.5) * half[1], (0.0, 1.0), trucks=0)


def _pool(place: Place, u: float, v: float) -> None:
    half = place.stream.between(1.5, 2.2), place.stream.between(2.5, 4)
    _yard(place, u, v, (half[0] + 1, half[1] + 1), "pavers")
    _yard(place, u, v, half, "pool")


def _tower(place: Place, u: float, v: float, half: tuple[float, float], storeys: tuple[float, float]) -> None:
    stream = place.stream
    size = stream.between(0.6, 0.88) * half[0], stream.between(0.6, 0.88) * half[1]
    build_block(place.canvas, place.frame, stream, u, v, size, storeys)


def _park(place: Place, u: float, v: float, half: tuple[float, float]) -> None:
    """A green square, or a pitch of plastic turf: as green as grass, and dark in the near infrared."""
    stream = place.stream
    _yard(place, u, v, half, "lawn")
    patch = place.frame.patch(u, v, half)
    if patch is not None and stream.chance(0.45):
        inside = (np.abs(patch.along) < half[0] * 0.8) & (np.abs(patch.across) < half[1] * 0.75)
        track = (np.abs(patch.along) < half[0] * 0.92) & (np.abs(patch.across) < half[1] * 0.9)
        place.canvas.cover(patch.window, track, "running_track")
        place.canvas.cover(patch.window, inside, "artificial_turf")
        line = inside & ((np.abs(patch.along) < 0.3) | (np.abs(np.abs(patch.across) - half[1] * 0.68) < 0.3))
        place.canvas.cover(patch.window, line, "marking")
    elif patch is not None:
        inside = (np.abs(patch.along) < half[0]) & (np.abs(patch.across) < half[1])
        np.copyto(place.trees[patch.window], np.float32(0.45), where=inside)


def _traffic(place: Place, roads: Roads, spacing: float) -> None:
    ups, overs, width = roads
    for upright, positions in ((True, ups), (False, overs)):
        for position in positions:
            drive(place.canvas, place.frame, Road(upright, position, 0.0, width), place.stream, spacing)
