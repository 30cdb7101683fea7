"""Trees seen from above: one crown at most in each cell of a jittered lattice, where the density of trees allows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .canvas import Canvas
from .materials import INDEX
from .noise import Bools, Floats, Stream
from .weather import Weather

FOREST = 0.9  # from this density on, crowns close up to a canopy and are no longer labelled one by one


class Lattice(NamedTuple):
    cell: int
    x: Floats
    y: Floats
    radius: Floats
    height: Floats
    conifer: Bools
    tone: Floats
    number: NDArray[np.uint32]


def grow(canvas: Canvas, weather: Weather, stream: Stream, density: Floats, scale: float, conifers: float) -> None:
    lattice = _sow(canvas, stream, density, scale, conifers)
    if not (lattice.radius > 0).any():
        return
    best = np.zeros(canvas.shape, np.float32)
    owner = np.zeros(canvas.shape, np.intp)
    dx, dy = np.zeros(canvas.shape, np.float32), np.zeros(canvas.shape, np.float32)
    ragged = 1.0 + stream.signed(canvas.shape) * 0.18
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            _reach(canvas.shape, lattice, (down, right), ragged, best, owner, dx, dy)
    _leaf(canvas, weather, lattice, best, owner, dx, dy)


def _sow(canvas: Canvas, stream: Stream, density: Floats, scale: float, conifers: float) -> Lattice:
    rows, columns = canvas.shape
    cell = max(3, int(stream.between(4.5, 6.0) * scale))
    shape = rows // cell + 3, columns // cell + 3  # one cell more on every side
    y = (np.arange(shape[0], dtype=np.float32)[:, None] - 1.0 + stream.units(shape)) * cell
    x = (np.arange(shape[1], dtype=np.float32)[None, :] - 1.0 + stream.units(shape)) * cell
    at = np.clip(y.astype(np.intp), 0, rows - 1), np.clip(x.astype(np.intp), 0, columns - 1)
    here = density[at]
    present = (stream.units(shape) < here) & (canvas.height[at] == 0)
    conifer = stream.units(shape) < conifers
    size = stream.units(shape)
    radius = np.where(here >= FOREST, size * 0.25 + 0.62, size * 0.35 + 0.35) * cell * np.where(conifer, 0.8, 1.0)
    radius = np.where(present, radius, 0.0).astype(np.float32)
    height = (size * 6 + 5 + conifer * 4).astype(np.float32)
    number = np.zeros(shape, np.uint32)
    alone = present & (here < FOREST)
    first = len(canvas.labels)
    canvas.labels.extend(["tree"] * int(np.count_nonzero(alone)))
    number[alone] = np.arange(first + 1, len(canvas.labels) + 1)
    return Lattice(cell, x, y, radius, height, conifer, stream.units(shape) * 0.5 + 0.75, number)


def _reach(shape: tuple[int, int], lattice: Lattice, neighbour: tuple[int, int], ragged: Floats, best: Floats,
           owner: NDArray[np.intp], dx: Floats, dy: Floats) -> None:  # fmt: skip
    """Let the crowns of the neighbouring cell rise above what stands here so far."""
    rows = np.arange(shape[0]) // lattice.cell + 1 + neighbour[0]
    columns = np.arange(shape[1]) // lattice.cell + 1 + neighbour[1]

    def spread(table: Floats) -> Floats:
        return table[rows][:, columns]

    inverse = np.where(lattice.radius > 0, 1.0 / np.maximum(lattice.radius, 0.1), 1e3).astype(np.float32)
    scaled = spread(inverse)
    right = (np.arange(shape[1], dtype=np.float32)[None, :] + 0.5 - spread(lattice.x)) * scaled
    down = (np.arange(shape[0], dtype=np.float32)[:, None] + 0.5 - spread(lattice.y)) * scaled
    rise = 1.0 - (right * right + down * down) * ragged
    rise *= spread(lattice.height)
    higher = rise > best
    np.copyto(best, rise, where=higher)
    np.copyto(dx, right, where=higher)
    np.copyto(dy, down, where=higher)
    np.copyto(owner, rows[:, None] * lattice.x.shape[1] + columns[None, :], where=higher)


def _leaf(canvas: Canvas, weather: Weather, lattice: Lattice, best: Floats, owner: NDArray[np.intp], dx: Floats,
          dy: Floats) -> None:  # fmt: skip
    conifer = lattice.conifer.ravel()[owner]
    height = best * 0.7 + 1.5
    crown = (best > 0) & (height > canvas.height)
    steep = np.where(conifer, np.float32(1.5), np.float32(0.95))
    light = weather.incidence(dx * -steep, dy * -steep) * 0.85 + 0.12
    hollow = np.clip(best * 0.25 + 0.3, 0.3, 1.0)
    everywhere = canvas.everywhere
    tone = lattice.tone.ravel()[owner]
    turned = (tone * 2.4 - 0.9) * (2.2 * weather.season) - 0.2
    canvas.cover(everywhere, crown, "deciduous", tone=tone, mix=turned, light=light, height=height)
    np.copyto(canvas.material, np.uint8(INDEX["conifer"]), where=crown & conifer)
    canvas.paint(everywhere, crown, openness=hollow, instance=lattice.number.ravel()[owner])
