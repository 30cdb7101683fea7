"""Resampling and turning written as the formulas are, pixel by pixel in float64."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float64]


def triangle(x: float) -> float:
    return max(0.0, 1 - abs(x))


def cubic(a: float) -> Callable[[float], float]:
    def kernel(x: float) -> float:
        x = abs(x)
        if x < 1:
            return (a + 2) * x**3 - (a + 3) * x**2 + 1
        return a * (x**3 - 5 * x**2 + 8 * x - 4) if x < 2 else 0.0

    return kernel


KERNELS = {"bilinear": (triangle, 1), "bicubic": (cubic(-0.5), 2)}


def matrix(before: int, after: int, interpolation: str) -> Plane:
    """What each pixel before counts in each pixel after, along one axis."""
    weights = np.zeros((after, before))
    scale = before / after
    for place in range(after):
        for pixel in range(before):
            weights[place, pixel] = _weight(place, pixel, scale, interpolation, before)
        weights[place] /= weights[place].sum()
    return weights


def _weight(place: int, pixel: int, scale: float, interpolation: str, before: int) -> float:
    if interpolation == "area":
        return max(0.0, min((place + 1) * scale, pixel + 1) - max(place * scale, pixel))
    if interpolation == "nearest":
        return float(pixel == min(before - 1, math.floor((place + 0.5) * scale)))
    kernel, _ = KERNELS[interpolation]
    return kernel((pixel + 0.5 - (place + 0.5) * scale) / max(scale, 1))


def resized(image: NDArray[np.float32], height: int, width: int, interpolation: str) -> Plane:
    rows, columns = matrix(image.shape[1], height, interpolation), matrix(image.shape[2], width, interpolation)
    return np.einsum("rh,bhw,cw->brc", rows, image.astype(np.float64), columns)


def comes_from(missing: NDArray[np.bool_], height: int, width: int, interpolation: str) -> NDArray[np.bool_]:
    """Whether anything missing weighs in a result, at all."""
    rows, columns = (
        np.abs(matrix(before, after, interpolation)) > 1e-12
        for before, after in zip(missing.shape, (height, width), strict=True)
    )
    return np.einsum("rh,hw,cw->rc", rows.astype(int), missing.astype(int), columns.astype(int)) > 0


def mirrored(place: int, side: int) -> int:
    """The pixel that an image continued by its mirror image shows there."""
    place %= 2 * side
    return place if place < side else 2 * side - 1 - place


def turned(plane: NDArray[np.float32], degrees: float, interpolation: str) -> Plane:
    """Counter-clockwise about the centre; y points down."""
    height, width = plane.shape
    angle = math.radians(degrees)
    result = np.zeros((height, width))
    for row in range(height):
        for column in range(width):
            right, up = column - (width - 1) / 2, (height - 1) / 2 - row
            x = right * math.cos(angle) + up * math.sin(angle) + (width - 1) / 2
            y = (height - 1) / 2 - (up * math.cos(angle) - right * math.sin(angle))
            result[row, column] = _sampled(plane, y, x, interpolation)
    return result


def _sampled(plane: NDArray[np.float32], y: float, x: float, interpolation: str) -> float:
    height, width = plane.shape
    if interpolation == "nearest":
        return float(plane[mirrored(round(y), height), mirrored(round(x), width)])
    kernel = triangle if interpolation == "bilinear" else cubic(-0.75)
    total = 0.0
    for row in range(math.floor(y) - 1, math.floor(y) + 3):
        for column in range(math.floor(x) - 1, math.floor(x) + 3):
            value = float(plane[mirrored(row, height), mirrored(column, width)])
            total += kernel(row - y) * kernel(column - x) * value
    return total
