"""The ground of an orthophoto: parcels with their rows, and water."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .canvas import Canvas
from .frame import Frame
from .materials import INDEX
from .noise import Bools, Floats, Stream, fractal

ROWED = ("crop", "heather", "wheat", "rapeseed", "stubble", "soil", "pale_soil")
Numbers = NDArray[np.intp]
Palette = Sequence[tuple[str, float]]


class Parcels(NamedTuple):
    border: Floats  # metres to the nearest border
    bent_u: Floats
    bent_v: Floats


def spread(stream: Stream, reach: float, low: float, high: float) -> list[float]:
    """Places from -reach to reach, from low to high apart."""
    places, place = [], -reach - stream.between(0, high)
    while place < reach:
        places.append(place)
        place += stream.between(low, high)
    return places


def paint_parcels(canvas: Canvas, frame: Frame, stream: Stream, palette: Palette, size: tuple[float, float]) -> Parcels:
    """Fields in strips, as ploughs leave them: slightly bent borders, one crop each."""
    bend = fractal(stream, canvas.shape, max(16.0, min(canvas.shape) / 2), 2) * stream.between(1, 6)
    u, v = frame.u + bend, frame.v - bend * 0.7
    strip, near_u = _divide(u, spread(stream, frame.reach_u + 6, *size))
    shifted = v + _lookup(strip, stream, -0.5 * size[0], 0.5 * size[0])
    cell, near_v = _divide(shifted, spread(stream, frame.reach_v + size[1], *size))
    number = strip * (int(cell.max()) + 1) + cell
    _plant(canvas, stream, palette, number, u, v)
    return Parcels(np.minimum(near_u, near_v), u, v)


def _divide(position: Floats, cuts: list[float]) -> tuple[Numbers, Floats]:
    index = np.zeros(position.shape, np.intp)
    nearest = np.full(position.shape, np.float32(1e6))
    for cut in cuts:
        beyond = position - cut
        index += beyond > 0
        np.minimum(nearest, np.abs(beyond), out=nearest)
    return index, nearest


def _lookup(number: Numbers, stream: Stream, low: float, high: float) -> Floats:
    table = stream.units((int(number.max()) + 1,)) * (high - low) + low
    return table[number]


def _plant(canvas: Canvas, stream: Stream, palette: Palette, number: Numbers,
           u: Floats, v: Floats) -> None:  # fmt: skip
    count = int(number.max()) + 1
    names = [stream.weighted(palette) for _ in range(count)]
    canvas.material[:] = np.array([INDEX[name] for name in names], np.uint8)[number]
    canvas.tone[:] = _lookup(number, stream, 0.78, 1.18)
    canvas.mix[:] = _lookup(number, stream, -0.7, 1.0)
    strength = np.array([stream.between(0.1, 0.7) if name in ROWED else 0.0 for name in names], np.float32)
    upright = np.array([stream.chance(0.5) for _ in names])
    along = np.where(upright[number], u, v)
    canvas.mix += strength[number] * _rows(along, stream.between(2.2, 4.5))
    tramlines = _rows(along, stream.between(13, 22)) > 0.86
    canvas.tone *= 1.0 - 0.35 * (strength[number] * tramlines)


def _rows(position: Floats, period: float) -> Floats:
    """A triangle wave from -1 to 1."""
    turns = position * (1 / period)
    return np.asarray(np.abs(turns - np.floor(turns) - 0.5) * 4.0 - 1.0)


def paint_hedges(canvas: Canvas, parcels: Parcels, stream: Stream) -> Floats:
    """Grass verges along the borders; gives the density of trees there."""
    canvas.cover(canvas.everywhere, parcels.border < stream.between(0.6, 1.4), "grass", mix=0.3)
    patchy = fractal(stream, canvas.shape, max(12.0, min(canvas.shape) / 6), 2)
    return np.asarray((parcels.border < 2.2) & (patchy > stream.between(-0.3, 0.25)), np.float32) * 0.8


def paint_lake(canvas: Canvas, stream: Stream, level: float) -> Bools:
    """Water below a level of a smooth relief, with a bank of reed or sand around it."""
    relief = fractal(stream, canvas.shape, max(24.0, max(canvas.shape) / 1.6), 5)
    return _flood(canvas, stream, relief - level, stream.between(0.02, 0.08))


def paint_river(canvas: Canvas, frame: Frame, stream: Stream, width: float) -> Bools:
    bend = fractal(stream, canvas.shape, max(24.0, max(canvas.shape) / 2), 4) * 40
    distance = np.abs(frame.v + bend - stream.between(-0.4, 0.4) * frame.reach_v)
    return _flood(canvas, stream, (distance - width / 2) * (1 / 40), stream.between(0.03, 0.12))


def _flood(canvas: Canvas, stream: Stream, above: Floats, bank: float) -> Bools:
    """Where ``above`` is negative there is water, deeper the lower."""
    everywhere = canvas.everywhere
    shore = stream.weighted((("reed", 0.4), ("sand", 0.3), ("shrub", 0.15), ("gravel", 0.15)))
    canvas.cover(everywhere, above < bank, shore, tone=stream.between(0.85, 1.1))
    water = stream.weighted((("water", 0.7), ("turbid_water", 0.3)))
    shallows = np.clip(above * 6.0 + 1.0, -0.5, 1.0)
    canvas.cover(everywhere, above < 0, water, mix=shallows, tone=stream.between(0.8, 1.2))
    wet: Bools = above < bank
    return wet
