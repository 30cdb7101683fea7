"""The direction of edges at each pixel: what images of differing modalities have in common."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

BLUR = 1.0
MARGIN = 5
"""Pixels that a pixel without data spoils around itself: the blur's reach and the gradient's."""
WEAK = 0.3
"""Edges of so much of the mean strength count half."""
ROUNDING = 1e-6
"""Gradients of so much of the largest value are no more than float32 rounds off."""
TINY = float(np.finfo(np.float32).tiny)


def orientation(image: NDArray[Any], factor: int = 1) -> Array:
    """``(2, h - 2, w - 2)``: twice the angle of the gradient as a vector, so that a reversed contrast is the same.

    Its length goes from 0 where all is flat to 1 at a strong edge. The bands, each in its own unit, are added.
    """
    known = _known(image)
    bands = [image] if image.ndim == 2 else [image[..., band] for band in range(image.shape[2])]
    total = _doubled(_plane(bands[0], known, factor))
    for band in bands[1:]:
        total += _doubled(_plane(band, known, factor))
    strength = cv2.magnitude(total[0], total[1])
    strength += WEAK * float(strength.mean()) + TINY
    total /= strength
    if known is not None:
        total *= _inner(known, factor, total.shape[1:])
    return total


def _known(image: NDArray[Any]) -> NDArray[np.bool_] | None:
    """Where there is data; None where there is everywhere."""
    if image.dtype.kind != "f":
        return None
    known = np.isfinite(image) if image.ndim == 2 else np.isfinite(image).all(2)
    return None if known.all() else known


def _plane(band: NDArray[Any], known: NDArray[np.bool_] | None, factor: int) -> Array:
    """A band reduced by a whole factor, its unknown pixels filled with the mean of the others."""
    if known is not None:
        band = np.where(known, band, band[known].mean() if known.any() else 0)
    plane: Array = np.ascontiguousarray(band, np.float32)
    if factor == 1:
        return plane
    height, width = (side // factor for side in plane.shape)
    reduced: Array = cv2.resize(
        plane[: height * factor, : width * factor], (width, height), interpolation=cv2.INTER_AREA
    )
    return reduced


def _doubled(plane: Array) -> Array:
    """The square of the gradient of the blurred plane as a complex number, of mean length 1; 0 where all is flat."""
    smooth = cv2.GaussianBlur(plane, (0, 0), BLUR)
    across = cv2.subtract(smooth[1:-1, 2:], smooth[1:-1, :-2])
    down = cv2.subtract(smooth[2:, 1:-1], smooth[:-2, 1:-1])
    doubled = np.empty((2, *across.shape), np.float32)
    np.multiply(across - down, across + down, out=doubled[0])
    np.multiply(across, down, out=doubled[1])
    doubled[1] *= 2
    mean = float(cv2.magnitude(doubled[0], doubled[1]).mean())
    faintest = (ROUNDING * float(np.abs(plane).max())) ** 2
    doubled *= np.float32(1 / mean if mean > faintest else 0)
    return doubled


def _inner(known: NDArray[np.bool_], factor: int, shape: tuple[int, ...]) -> Array:
    """1 where a pixel and all that its gradient was taken from are known, else 0."""
    side = 2 * MARGIN * factor + 1
    safe = cv2.erode(known.astype(np.uint8), np.ones((side, side), np.uint8), borderValue=1)
    rows = (np.arange(shape[0]) + 1) * factor + factor // 2
    columns = (np.arange(shape[1]) + 1) * factor + factor // 2
    inner: Array = safe[np.ix_(rows, columns)].astype(np.float32)
    return inner
