"""Street views: a road ahead in the city, a suburb, the country or a wood."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from .backdrop import Ground, paint_distance, paint_sky, worldly_noise
from .camera import Camera
from .canvas import Canvas
from .facades import Building, draw_building, paint_building
from .noise import Floats, Stream, fractal
from .people import paint_person
from .poles import paint_pole
from .traffic import Vehicle, draw_vehicle, paint_vehicle
from .trees import Tree, draw_tree, paint_tree
from .weather import Weather, draw_weather


@dataclass(frozen=True)
class Setting:
    lane: tuple[float, float]  # width of one lane
    pavement: tuple[float, float]  # width, 0 for none
    verge: tuple[tuple[str, float], ...]  # what lies beyond
    houses: float  # share of the plots that are built on
    tall: bool
    setback: tuple[float, float]  # metres from the pavement to the walls
    trees: float  # metres from tree to tree
    forest: int  # trees behind the first row
    conifers: float
    traffic: float  # metres between vehicles
    parked: float  # share of the kerb
    people: tuple[int, int]


CITY = Setting(
    lane=(3.0, 3.5), pavement=(2.5, 4.5), verge=(("pavers", 2), ("concrete", 1)),
    houses=0.92, tall=True, setback=(0, 0.5), trees=22, forest=0, conifers=0.0, traffic=20, parked=0.45, people=(2, 7),
)  # fmt: skip
SUBURB = Setting(
    lane=(2.6, 3.2), pavement=(1.2, 2.0), verge=(("lawn", 3), ("grass", 2), ("dry_grass", 1), ("artificial_turf", 0.9)),
    houses=0.75, tall=False, setback=(4, 8), trees=13, forest=4, conifers=0.2, traffic=32, parked=0.25, people=(0, 4),
)  # fmt: skip
COUNTRY = Setting(
    lane=(2.8, 3.5), pavement=(0, 0),
    verge=(("crop", 2), ("wheat", 2), ("grass", 2), ("soil", 1.5), ("rapeseed", 1), ("heather", 1.2), ("dry_grass", 1),
           ("water", 0.9), ("turbid_water", 1.2)),
    houses=0.06, tall=False, setback=(8, 20), trees=26, forest=3, conifers=0.15, traffic=38, parked=0.0, people=(0, 1),
)  # fmt: skip
WOOD = Setting(
    lane=(2.4, 3.0), pavement=(0, 0), verge=(("grass", 2), ("shrub", 1), ("dry_grass", 1)),
    houses=0.0, tall=False, setback=(0, 0), trees=6, forest=26, conifers=0.5, traffic=60, parked=0.0, people=(0, 2),
)  # fmt: skip
SETTINGS = ((CITY, 0.27), (SUBURB, 0.31), (COUNTRY, 0.29), (WOOD, 0.13))


@dataclass
class Place:
    """A street in the making."""

    canvas: Canvas
    camera: Camera
    weather: Weather
    stream: Stream
    setting: Setting
    lane: float
    pavement: float
    middle: float  # x of the centre line, seen from the camera
    buildings: list[Building] = field(default_factory=list)
    trees: list[Tree] = field(default_factory=list)
    vehicles: list[Vehicle] = field(default_factory=list)
    people: list[tuple[float, float]] = field(default_factory=list)
    poles: list[tuple[float, float]] = field(default_factory=list)
    verges: dict[float, str] = field(default_factory=dict)  # by side: -1 left, 1 right

    @property
    def edge(self) -> float:
        """Metres from the centre line to what lies beyond the road."""
        return self.lane + self.pavement + (0.0 if self.pavement else 1.0)

    def wet(self, sign: float) -> bool:
        """Whether the road runs along water on this side."""
        return self.verges[sign] in ("water", "turbid_water")


def paint_street(stream: Stream, shape: tuple[int, int]) -> tuple[Canvas, Weather, float]:
    setting = stream.weighted(SETTINGS)
    weather, canvas, camera = (
        draw_weather(stream, (0.0006, 0.004), 0.16, 0.15),
        Canvas(shape, "sky"),
        Camera(stream, shape),
    )
    lane = stream.between(*setting.lane)
    place = Place(
        canvas,
        camera,
        weather,
        stream,
        setting,
        lane,
        stream.between(*setting.pavement),
        0.0,
    )
    place.middle = _stand(place)
    paint_sky(canvas, camera, weather, stream)
    paint_distance(canvas, camera, stream)
    _settle(place)
    ground = Ground(canvas, camera)
    _pave(place, ground)
    _shade(place, ground)
    _raise(place)
    return canvas, weather, 1.0


def _stand(place: Place) -> float:
    """In the right-hand lane, or on foot beside the road."""
    if place.stream.chance(0.5):
        return -place.lane * place.stream.between(0.3, 0.6)
    return -(place.lane + max(place.pavement * place.stream.between(0.4, 0.9), 1.6))


def _settle(place: Place) -> None:
    """Decide what stands where."""
    stream, setting = place.stream, place.setting
    for sign in (-1.0, 1.0):
        place.verges[sign] = stream.weighted(setting.verge)
        if not place.wet(sign):
            _build(place, sign)
        _plant(place, sign)
        _park(place, sign)
    _drive(place)
    for _ in range(stream.count(*setting.people)):
        beside = place.lane + (
            stream.between(0.4, 0.9) * place.pavement if place.pavement else stream.between(0.5, 1.5)
        )
        place.people.append((place.middle + stream.pick((-1.0, 1.0)) * beside, 5.5 / (0.1 + 0.9 * stream.unit())))
    for number in range(5):
        place.poles.append(
            (place.middle + (place.lane + 0.6) * stream.pick((-1.0, 1.0)), 9 + number * stream.between(14, 26))
        )


def _build(place: Place, sign: float) -> None:
    stream, setting = place.stream, place.setting
    z = stream.between(3, 12)
    while z < 130:
        x = place.middle + sign * (place.edge + stream.between(*setting.setback))
        building = draw_building(stream, x, z, setting.tall)
        if stream.chance(setting.houses) and abs(x) > 1.5:
            place.buildings.append(building)
        z = building.far + (stream.between(0, 2) if setting.tall and stream.chance(0.8) else stream.between(3, 12))


def _plant(place: Place, sign: float) -> None:
    stream, setting = place.stream, place.setting
    beside = place.edge + (0.8 if setting.setback[1] > 2 or not setting.houses else -0.9)
    z = stream.between(5, 5 + setting.trees)
    while z < 120:
        place.trees.append(
            draw_tree(stream, place.middle + sign * (beside + stream.between(0, 0.8)), z, setting.conifers)
        )
        z += setting.trees * stream.between(0.5, 1.6)
    for _ in range(0 if place.wet(sign) else setting.forest):
        z = stream.between(10, 130)
        x = place.middle + sign * (beside + stream.between(3, 6 + z * 0.5))
        if not any(building.near - 4 < z < building.far + 4 for building in place.buildings if building.x * sign > 0):
            place.trees.append(draw_tree(stream, x, z, setting.conifers))


def _park(place: Place, sign: float) -> None:
    stream = place.stream
    z = stream.between(4, 12)
    while z < 70:
        if stream.chance(place.setting.parked):
            x = place.middle + sign * (place.lane - 0.4)
            place.vehicles.append(draw_vehicle(stream, x, z, sign < 0))
        z += stream.between(5.8, 9)


def _drive(place: Place) -> None:
    stream = place.stream
    narrow = 0.35 if place.setting.parked else 0.5
    for sign in (-1.0, 1.0):
        z = stream.between(9, 10 + place.setting.traffic)
        while z < 150:
            place.vehicles.append(draw_vehicle(stream, place.middle + sign * place.lane * narrow, z, sign < 0))
            z += place.setting.traffic * stream.between(0.6, 2.0)


def _pave(place: Place, ground: Ground) -> None:
    canvas, stream = place.canvas, place.stream
    everything = np.ones(ground.x.shape, bool)
    depth = np.broadcast_to(ground.z, ground.x.shape)
    fine, broad = worldly_noise(stream, ground, 0.13) * ground.grain, worldly_noise(stream, ground, 3.7)
    mix = fine * 0.55 + broad * 0.5
    off = ground.x - place.middle
    side = np.abs(off)
    season = mix + place.weather.season * stream.between(0.0, 1.6)
    for sign, verge in place.verges.items():
        here = off * sign >= 0
        tone = stream.between(0.85, 1.15)
        if place.wet(sign):
            canvas.cover(ground.window, here, "grass", mix=season)
            here &= side > place.edge + 2.5 + broad
        canvas.cover(ground.window, here, verge, mix=broad * 0.4 if place.wet(sign) else season, tone=tone)
    if place.pavement:
        kerb = side < place.lane + place.pavement
        canvas.cover(ground.window, kerb, stream.pick(("pavers", "concrete", "asphalt")), mix=mix, tone=1.05)
        canvas.cover(ground.window, side < place.lane + 0.22, "concrete", mix=mix)
    else:
        canvas.cover(
            ground.window, side < place.lane + 0.8 + broad * 0.3, stream.pick(("gravel", "dry_grass", "grass")), mix=mix
        )
    canvas.cover(ground.window, side < place.lane, "asphalt", mix=mix * 0.8 + 0.2, tone=stream.between(0.85, 1.3))
    _mark(place, ground, off, mix)
    canvas.paint(ground.window, everything, depth=depth, openness=1.0)


def _mark(place: Place, ground: Ground, off: Floats, mix: Floats) -> None:
    dash = ground.z * (1 / 9)
    dash = dash - np.floor(dash)
    marks = (np.abs(off) < 0.09) & (dash < 0.45)
    if not place.setting.parked:
        marks |= np.abs(np.abs(off) - place.lane + 0.25) < 0.07
    place.canvas.cover(ground.window, marks, "marking", mix=mix, tone=0.9)


def _shade(place: Place, ground: Ground) -> None:
    """Shadows on the ground: walls, crowns, and what is under the vehicles."""
    shadow = np.zeros(ground.x.shape, np.float32)
    weather = place.weather
    for building in place.buildings:
        if building.x * weather.toward_x > 0:
            _wall_shadow(shadow, ground, weather, building)
    for tree in place.trees:
        lift = (tree.trunk + tree.radius) / weather.tangent
        _blot(
            shadow,
            ground,
            (tree.x - weather.toward_x * lift, tree.z - weather.toward_y * lift),
            (tree.radius, tree.radius * 1.2),
            0.85,
        )
    for vehicle in place.vehicles:
        lift = vehicle.height / 2 / weather.tangent
        centre = (
            vehicle.x - weather.toward_x * lift * 0.6,
            vehicle.z + vehicle.length / 2 - weather.toward_y * lift * 0.6,
        )
        _blot(shadow, ground, centre, (vehicle.half * 1.25, vehicle.length * 0.6), 0.95)
    for x, z in place.people:
        _blot(shadow, ground, (x - weather.toward_x * 0.4, z - weather.toward_y * 0.4), (0.35, 0.5), 0.8)
    place.canvas.paint(ground.window, np.ones(ground.x.shape, bool), shadow=shadow)


def _wall_shadow(shadow: Floats, ground: Ground, weather: Weather, building: Building) -> None:
    travel = (building.x - ground.x) * (1 / weather.toward_x)
    z = ground.z + travel * weather.toward_y
    low = building.height - travel * weather.tangent
    inside = np.minimum(np.minimum(z - building.near, building.far - z), low) * 2.0
    np.maximum(shadow, np.where(travel > 0, np.clip(inside, 0.0, 1.0), 0.0), out=shadow)


def _blot(shadow: Floats, ground: Ground, centre: tuple[float, float], half: tuple[float, float], depth: float) -> None:
    z = (ground.z[:, 0] - centre[1]) * (1 / half[1])
    rows = np.flatnonzero(np.abs(z) < 1)
    if not rows.size:
        return
    band = slice(int(rows[0]), int(rows[-1]) + 1)
    x = (ground.x[band] - centre[0]) * (1 / half[0])
    soft = np.clip((1.0 - x * x - (z * z)[band, None]) * 2.0, 0.0, depth)
    np.maximum(shadow[band], soft, out=shadow[band])


def _raise(place: Place) -> None:
    """Paint what stands, the farthest first."""
    canvas, camera, weather, stream = place.canvas, place.camera, place.weather, place.stream
    ragged = fractal(stream, canvas.shape, 9.0, 3)
    things: list[tuple[float, Callable[[], None]]] = []
    things += [(it.near, partial(paint_building, canvas, camera, weather, it)) for it in place.buildings]
    things += [(it.z, partial(paint_tree, canvas, camera, weather, it, ragged)) for it in place.trees]
    things += [(it.z, partial(paint_vehicle, canvas, camera, weather, it)) for it in place.vehicles]
    things += [(z, partial(paint_person, canvas, camera, stream, x, z)) for x, z in place.people]
    things += [(z, partial(paint_pole, canvas, camera, stream, x, z)) for x, z in place.poles]
    for _, paint in sorted(things, key=lambda thing: -thing[0]):
        paint()
