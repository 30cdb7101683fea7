"""Chance and texture, the same bits everywhere.

Only PCG64's raw integers, + − × ÷, comparisons and table look-ups: library routines such as ``normal``, ``exp`` or
``sin`` differ between NumPy versions and processors.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]  # float32 all the way
Bools = NDArray[np.bool_]
T = TypeVar("T")


class Stream:
    """Random numbers that depend on the key alone."""

    def __init__(self, *key: int | str) -> None:
        words = [crc32(part.encode()) if isinstance(part, str) else part for part in key]
        self._source = np.random.PCG64(words)

    def unit(self) -> float:
        return float(int(self._source.random_raw()) >> 11) / 9007199254740992.0

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self.unit()

    def count(self, low: int, high: int) -> int:
        """An integer from low to high, both included."""
        return low + int(self.unit() * (high - low + 1))

    def chance(self, probability: float) -> bool:
        return self.unit() < probability

    def pick(self, options: Sequence[T]) -> T:
        return options[int(self.unit() * len(options))]

    def weighted(self, options: Sequence[tuple[T, float]]) -> T:
        total = 0.0
        for _, weight in options:  # not sum(): from Python 3.12 on it rounds otherwise
            total += weight
        point = self.unit() * total
        for option, weight in options:
            point -= weight
            if point < 0:
                return option
        return options[-1][0]

    def direction(self) -> tuple[float, float]:
        """A unit vector; uniform in angle, as the points of the square outside the disc are drawn again."""
        while True:
            x, y = self.between(-1, 1), self.between(-1, 1)
            if 0.01 < x * x + y * y < 1:
                length = math.sqrt(x * x + y * y)
                return x / length, y / length

    def units(self, shape: tuple[int, ...]) -> Floats:
        """Uniform in [0, 1)."""
        return np.asarray(self._halves(shape), np.float32) * (1 / 65536)

    def signed(self, shape: tuple[int, ...]) -> Floats:
        """Uniform in [-1, 1)."""
        return self.units(shape) * 2.0 - 1.0

    def gaussians(self, shape: tuple[int, ...]) -> Floats:
        """Nearly normal, mean 0 and variance 1: the sum of four uniform numbers."""
        quarters = self._halves((*shape, 4)).astype(np.int32)
        total = (quarters[..., 0] + quarters[..., 1]) + (quarters[..., 2] + quarters[..., 3])
        return (total - 131070).astype(np.float32) * (1.7320508 / 65536)

    def exponentials(self, shape: tuple[int, ...]) -> Floats:
        """Exponential, mean 1: the intensity of fully developed one-look speckle."""
        return exponential_quantiles()[self._halves(shape)]

    def _halves(self, shape: tuple[int, ...]) -> NDArray[np.uint16]:
        size = math.prod(shape)
        raw = np.asarray(self._source.random_raw((size + 3) // 4), "<u8")
        return raw.view("<u2")[:size].reshape(shape)


@cache
def exponential_quantiles(count: int = 65536) -> Floats:
    """Expected order statistics of ``count`` exponential numbers: sums of 1/n, no logarithm."""
    return np.cumsum(1.0 / np.arange(count, 0, -1)).astype(np.float32)


def octave(stream: Stream, shape: tuple[int, int], cell: float) -> Floats:
    """Value noise in [-1, 1): random numbers on a lattice with ``cell`` pixels, smoothly joined."""
    rows, down = _places(stream, shape[0], cell)
    columns, across = _places(stream, shape[1], cell)
    lattice = stream.signed((int(rows[-1]) + 2, int(columns[-1]) + 2))
    left = lattice[:, columns]
    lines = left + (lattice[:, columns + 1] - left) * across
    top = lines[rows]
    bottom = lines[rows + 1]
    bottom -= top
    bottom *= down[:, None]
    bottom += top
    return bottom


def _places(stream: Stream, count: int, cell: float) -> tuple[NDArray[np.intp], Floats]:
    position = np.arange(count) * (1.0 / cell) + stream.unit()
    index = np.floor(position).astype(np.intp)
    fraction = (position - index).astype(np.float32)
    return index, fraction * fraction * (3.0 - fraction * 2.0)


def fractal(stream: Stream, shape: tuple[int, int], cell: float, octaves: int) -> Floats:
    """Octaves of value noise, each half as wide and half as strong as the one before; within [-1, 1)."""
    total = octave(stream, shape, cell)
    amplitude, reach = 1.0, 1.0
    for _ in range(octaves - 1):
        cell, amplitude = max(cell / 2, 1.5), amplitude / 2
        reach += amplitude
        total += octave(stream, shape, cell) * amplitude
    total *= 1.0 / reach
    return total


def profile(stream: Stream, count: int, cell: float, octaves: int) -> Floats:
    """Fractal noise along a line."""
    return np.asarray(fractal(stream, (1, count), cell, octaves)[0])


def soften(image: Floats, passes: int = 1) -> Floats:
    """Blur by 1-2-1 along both axes, edges repeated; ``passes`` times."""
    for _ in range(passes):
        for axis in (0, 1):
            image = _soften_axis(image, axis)
    return image


def _soften_axis(image: Floats, axis: int) -> Floats:
    wide = np.concatenate([image.take([0], axis), image, image.take([-1], axis)], axis)
    wide = np.moveaxis(wide, axis, 0)
    out = wide[:-2] + wide[2:]
    out *= 0.5
    out += wide[1:-1]
    out *= 0.5
    return np.moveaxis(out, 0, axis)
