"""A small picture of each image in a few KB, and whether two of them show the same thing where they should overlap."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

LONGEST = 128
QUALITY = 90
SLACK = 2
"""So many pixels of the small picture a displacement may be off."""
FINE, COARSE = 0.8, 4.0
"""Details between these two sizes are compared, each part of the picture by its own contrast."""
FAINT = 3.0
"""Grey levels of 256: contrast much below it counts less."""
TILE = 16
TEXTURE, LEAST_WEIGHT = 0.1, 0.5
"""A tile with less energy of details than the first counts less than half, in the sum of weights yet half."""
LEAST = 16
"""Overlaps of fewer pixels of the small picture along a side are not judged."""


@dataclass(frozen=True)
class Thumbnail:
    """A reduced grey image and the size of the image it stands for."""

    height: int
    width: int
    code: bytes
    """As JPEG."""


@dataclass(frozen=True)
class Overlap:
    """What the first image shows at ``(y, x)`` the second shows at ``(y + dy, x + dx)``, in pixels of the first."""

    dy: float
    dx: float
    share: float
    """The common part of the smaller image."""
    whole: float
    """The common part of the larger image."""
    score: float
    """How well the common parts agree: 1 for the same, about 0 by chance."""


def thumbnail(plane: Array, height: int, width: int) -> Thumbnail:
    """Of a grey image from 0 to 255 that stands for an image of the size given."""
    ratio = min(1.0, LONGEST / max(plane.shape))
    size = [max(1, round(side * ratio)) for side in plane.shape]
    small = cv2.resize(plane, (size[1], size[0]), interpolation=cv2.INTER_AREA)
    done, code = cv2.imencode(".jpg", np.rint(small).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    assert done
    return Thumbnail(height, width, code.tobytes())


def opened(small: Thumbnail) -> Array:
    levels = cv2.imdecode(np.frombuffer(small.code, np.uint8), cv2.IMREAD_GRAYSCALE)
    return np.asarray(levels, np.float32)


def overlap(first: Thumbnail, second: Thumbnail, dy: float, dx: float, stretch: bool = False) -> Overlap | None:
    """How two images agree at a displacement; stretched, the whole second is laid over the whole first."""
    here, there = opened(first), opened(second)
    if stretch:
        there = cv2.resize(there, here.shape[::-1], interpolation=cv2.INTER_AREA)
        scale = (first.height, first.width)
    else:
        scale = (second.height, second.width)
    steps = [size / side for size, side in zip((first.height, first.width), here.shape, strict=True)]
    strides = [size / side for size, side in zip(scale, there.shape, strict=True)]
    moved, rows, columns = _laid_over(here.shape, there, steps, strides, (dy, dx))
    if min(rows.stop - rows.start, columns.stop - columns.start) < LEAST:
        return None
    off_y, off_x, score = _agreement(here[rows, columns], moved[rows, columns])
    dy, dx = dy + off_y * steps[0], dx + off_x * steps[1]
    size, other = (first.height, first.width), scale
    common = math.prod(
        max(0.0, min(size[axis], other[axis] - moved) - max(0.0, -moved)) for axis, moved in enumerate((dy, dx))
    )
    areas = math.prod(size), math.prod(other)
    return Overlap(dy, dx, common / min(areas), common / max(areas), score)


def _laid_over(
    shape: tuple[int, ...], there: Array, steps: list[float], strides: list[float], moved: tuple[float, float]
) -> tuple[Array, slice, slice]:
    """The second small picture on the grid of the first, and the rows and columns that both cover."""
    matrix = np.zeros((2, 3))
    covered = []
    for axis in (0, 1):
        slope = steps[axis] / strides[axis]
        start = (steps[axis] / 2 + moved[axis]) / strides[axis] - 0.5
        matrix[1 - axis, 1 - axis], matrix[1 - axis, 2] = slope, start
        first = max(0, int(np.ceil(-start / slope - 1e-6)))
        last = min(shape[axis] - 1, int(np.floor((there.shape[axis] - 1 - start) / slope + 1e-6)))
        covered.append(slice(first, max(first, last + 1)))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    laid: Array = cv2.warpAffine(there, matrix, shape[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return laid, covered[0], covered[1]


def _agreement(here: Array, moved: Array) -> tuple[int, int, float]:
    """Where within the slack the details agree best, and how well they do there."""
    details, inner = _details(here), np.ascontiguousarray(_details(moved)[SLACK:-SLACK, SLACK:-SLACK])
    scores = cv2.matchTemplate(details, inner, cv2.TM_CCOEFF_NORMED)
    row, column = divmod(int(scores.argmax()), scores.shape[1])
    height, width = inner.shape
    return SLACK - row, SLACK - column, _tiled(details[row : row + height, column : column + width], inner)


def _tiled(first: Array, second: Array) -> float:
    """The mean of the correlations in tiles: what stands out in one corner only, such as a mark, weighs little.

    Tiles without details say nothing, but where most are so, the others are not enough.
    """
    tiles = [max(1, round(side / TILE)) for side in first.shape]
    both, own, other = (
        cv2.resize(product, (tiles[1], tiles[0]), interpolation=cv2.INTER_AREA)
        for product in (first * second, first * first, second * second)
    )
    energy = np.sqrt(own * other)
    weights = energy / (energy + TEXTURE)
    return float((both / (energy + TEXTURE)).sum() / np.maximum(weights, LEAST_WEIGHT).sum())


def _details(plane: Array) -> Array:
    fine = cv2.GaussianBlur(plane, (0, 0), FINE) - cv2.GaussianBlur(plane, (0, 0), COARSE)
    contrast = np.sqrt(cv2.GaussianBlur(fine * fine, (0, 0), COARSE))
    details: Array = fine / (contrast + FAINT)
    return details
