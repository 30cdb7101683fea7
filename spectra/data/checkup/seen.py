"""What one look at an image tells: its kind, its spread of values, and whether anything is to be seen in it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from spectra.data.catalogue import ImageFile

SATURATED = 0.2
"""The share of pixels at the top of the file's type, or at the bottom, from which an image counts as saturated."""
PILED_UP = 0.2
"""The same at the image's own highest value, where that lies below the top of the type: a sensor of fewer bits."""
COLOURLESS = 0.01
"""The mean difference between channels, as a share of the spread of values, below which colours are as good as none."""
TOPS = {"uint8": 255, "uint16": 65535}


@dataclass(frozen=True)
class Seen:
    """One image of one place, looked at once."""

    file: ImageFile
    height: int
    width: int
    channels: int
    dtype: str
    low: float
    high: float
    top_share: float
    """Of all pixels, those with every channel at the image's highest value."""
    bottom_share: float
    colour: float
    """Mean difference between the channels, as a share of the spread of values; 1 where there is one channel."""
    not_finite: int
    digest: str
    """Of the pixels, whatever the file format."""

    @property
    def size(self) -> tuple[int, int]:
        return self.height, self.width

    @property
    def constant(self) -> bool:
        return not self.low < self.high

    @property
    def saturated(self) -> float:
        """The share of pixels that have run into an end of the range; 0 where too few have to speak of."""
        if self.constant:
            return 0.0
        top = TOPS.get(self.dtype)
        ends = [self.top_share if top is None or self.high < top else 0.0]  # a pile at a top of its own
        worst = max(ends) if max(ends) >= PILED_UP else 0.0
        at_limits = max(
            self.top_share if top is not None and self.high == top else 0.0,
            self.bottom_share if top is not None and self.low == 0 else 0.0,
        )
        return max(worst, at_limits if at_limits >= SATURATED else 0.0)

    @property
    def colourless(self) -> bool:
        return self.channels == 3 and not self.constant and self.colour < COLOURLESS


def looked_at(file: ImageFile, image: NDArray[Any]) -> Seen:
    """All that the pixels tell, in a few passes over them."""
    height, width, channels = image.shape
    values, wrong = _finite(image)
    low, high = float(values.min()), float(values.max())
    return Seen(
        file,
        height,
        width,
        channels,
        str(image.dtype),
        low,
        high,
        _share(values, high),
        _share(values, low),
        _colour(values, high - low),
        wrong,
        _digest(image),
    )


def _finite(image: NDArray[Any]) -> tuple[NDArray[Any], int]:
    """The image with the middle of its values where a value is NaN or infinite, and how many are."""
    if image.dtype != np.float32:
        return image, 0
    finite = np.isfinite(image)
    wrong = int(image.size - np.count_nonzero(finite))
    if not wrong:
        return image, 0
    middle = np.median(image[finite]) if wrong < image.size else 0
    return np.where(finite, image, np.float32(middle)), wrong


def grey(image: NDArray[Any]) -> NDArray[np.float32]:
    """The mean of the bands."""
    if image.shape[2] == 1:
        return np.ascontiguousarray(image[..., 0], np.float32)
    mean: NDArray[np.float32] = image.mean(axis=2, dtype=np.float32)
    return mean


def _share(values: NDArray[Any], value: float) -> float:
    at = values == values.dtype.type(value)
    return float(np.count_nonzero(at.all(axis=2) if values.shape[2] > 1 else at) / (at.shape[0] * at.shape[1]))


def _colour(values: NDArray[Any], spread: float) -> float:
    if values.shape[2] != 3 or not spread:
        return 1.0
    bands = [np.ascontiguousarray(values[..., band], np.float32) for band in range(3)]
    apart = sum(float(cv2.norm(one, other, cv2.NORM_L1)) for one, other in pairwise(bands))
    return apart / 2 / bands[0].size / spread


def _digest(image: NDArray[Any]) -> str:
    """Arrays of other shapes or types must not have one digest."""
    digest = hashlib.blake2b(f"{image.shape}{image.dtype}".encode(), digest_size=16)
    digest.update(np.ascontiguousarray(image).data)
    return digest.hexdigest()
