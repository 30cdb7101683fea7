"""The corners of an image and what surrounds them, in a few bytes each: what two crops of one photograph share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

LONGEST = 640
"""Images with a longer side are reduced by a whole factor first."""
MOST = 160
"""Corners kept of an image."""
APART = 5
"""Pixels between two corners, at the least."""
BLUR = 1.6
STEP, SIDE = 3, 9
"""A corner is described by so many points along each side, so many pixels apart."""
ORDER = 5
"""Frequencies of the cosine transform kept along each axis; the first of all, the mean, says nothing."""
BYTES = ORDER * ORDER - 1
SCALE = 127.0
SMALL = 256
"""Robust percentiles are taken from about so many values along each axis."""


@dataclass(frozen=True)
class Landmarks:
    """Corners of one image, in pixels of the image as given."""

    places: NDArray[np.int16]
    """``(n, 2)``: row and column, of the image as it was reduced."""
    words: NDArray[np.int8]
    """``(n, BYTES)``: the surroundings as a vector of length 127, the same at any brightness and contrast."""
    factor: int
    """Pixels of the image to one of the reduced image."""


def grey(image: NDArray[Any]) -> tuple[Array, int]:
    """The mean of the bands from 0 to 255 by robust percentiles, reduced to a bounded size, and by which factor."""
    planes = image[..., None] if image.ndim == 2 else image
    total: Array = np.zeros(planes.shape[:2], np.float32)
    for band in range(planes.shape[2]):
        total += planes[..., band]
    known = np.isfinite(total)
    factor = -(-max(total.shape) // LONGEST)
    if not known.any():
        return np.zeros((max(1, total.shape[0] // factor), max(1, total.shape[1] // factor)), np.float32), factor
    low, high = _limits(total, known)
    if not known.all():
        total[~known] = low
    total = np.clip((total - low) * np.float32(255 / (high - low)), 0, 255) if high > low else np.zeros_like(total)
    return _reduced(total, factor), factor


def landmarks(plane: Array, factor: int) -> Landmarks:
    """The strongest corners of a grey image, strongest first."""
    blurred = cv2.GaussianBlur(plane, (0, 0), BLUR)
    border = STEP * (SIDE // 2)
    places = _corners(blurred, border)
    if not len(places):
        return Landmarks(np.zeros((0, 2), np.int16), np.zeros((0, BYTES), np.int8), factor)
    offsets = np.arange(SIDE) * STEP - border
    rows, columns = places[:, 0, None, None] + offsets[:, None], places[:, 1, None, None] + offsets
    return Landmarks(places.astype(np.int16), _words(blurred[rows, columns]), factor)


def _limits(total: Array, known: NDArray[np.bool_]) -> tuple[float, float]:
    """The first and the last percent of the known values."""
    steps = [max(1, side // SMALL) for side in total.shape]
    some = total[:: steps[0], :: steps[1]][known[:: steps[0], :: steps[1]]]
    values = some if len(some) else total[known]
    low, high = np.percentile(values, (0.5, 99.5))
    return (float(low), float(high)) if high > low else (float(values.min()), float(values.max()))


def _reduced(plane: Array, factor: int) -> Array:
    if factor == 1:
        return plane
    height, width = (max(1, side // factor) for side in plane.shape)
    inside = plane[: height * factor, : width * factor]
    reduced: Array = cv2.resize(inside, (width, height), interpolation=cv2.INTER_AREA)
    return reduced


def _corners(blurred: Array, border: int) -> NDArray[np.intp]:
    """Rows and columns of the strongest corners that are no nearer to the border than their surroundings reach."""
    height, width = blurred.shape[0] - 2 * border, blurred.shape[1] - 2 * border
    if min(height, width) < 1:
        return np.zeros((0, 2), np.intp)
    strength = cv2.cornerMinEigenVal(blurred, 5)[border : border + height, border : border + width]
    highest = cv2.dilate(strength, np.ones((2 * APART + 1, 2 * APART + 1), np.uint8))
    rows, columns = np.nonzero((strength == highest) & (strength > 1e-7 * 255**2))
    order = np.argsort(-strength[rows, columns], kind="stable")[:MOST]
    return np.stack([rows[order], columns[order]], 1) + border


def _words(patches: Array) -> NDArray[np.int8]:
    """Low frequencies of each patch, the higher the heavier, to unit length."""
    waves = np.cos(np.pi * (np.arange(SIDE)[:, None] + 0.5) * np.arange(ORDER) / SIDE)
    waves[:, 0] /= np.sqrt(2)
    order = np.hypot(*np.meshgrid(np.arange(ORDER), np.arange(ORDER)))
    transformed = np.einsum("nyx,yk,xl->nkl", patches, waves, waves, optimize=True) * order
    words = transformed.reshape(len(patches), -1)[:, 1:]
    length = np.linalg.norm(words, axis=1, keepdims=True)
    rounded: NDArray[np.int8] = np.rint(words * (SCALE / np.maximum(length, 1e-6))).astype(np.int8)
    return rounded
