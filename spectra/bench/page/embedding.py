"""Pictures put into a page, as good as there is room for."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from spectra.data.images import read_image
from spectra.data.preview import Image, fitted

FULL_COLOUR = (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444)
"""False colours are values: their hue is as fine as their brightness."""


@dataclass(frozen=True)
class Embedded:
    """A picture as a data URL, and the size at which it is shown unmagnified."""

    url: str
    width: int
    height: int


@dataclass(frozen=True)
class Quality:
    """How pictures are stored: the longer side in pixels, and how well JPEG keeps them; None is without loss."""

    longest: int
    jpeg: int | None

    @property
    def said(self) -> str:
        if self.jpeg is None:
            return "as they are in the folder, without loss"
        return f"as JPEG with loss (quality {self.jpeg}), at most {self.longest} pixels a side"


LADDER = (
    Quality(1024, None),
    Quality(1024, 92),
    Quality(768, 88),
    Quality(512, 84),
    Quality(384, 80),
    Quality(256, 75),
)
"""From the best to the smallest."""


def embed_file(path: Path, quality: Quality) -> Embedded:
    """A PNG of 8 bits; kept byte for byte where nothing is to be lost."""
    image = read_image(path)
    if quality.jpeg is None and max(image.shape[:2]) <= quality.longest:
        return Embedded(data_url(path.read_bytes(), "png"), image.shape[1], image.shape[0])
    return embed(image.astype(np.uint8, copy=False), quality)


def embed(image: Image, quality: Quality) -> Embedded:
    small = np.ascontiguousarray(fitted(image, quality.longest)[..., ::-1])
    if quality.jpeg is None:
        data: Any = cv2.imencode(".png", small)[1]
        return Embedded(data_url(data.tobytes(), "png"), small.shape[1], small.shape[0])
    data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, quality.jpeg, *FULL_COLOUR])[1]
    return Embedded(data_url(data.tobytes(), "jpeg"), small.shape[1], small.shape[0])


def data_url(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def embed_all(
    pictures: Iterable[Path], quality: Quality, room: int, load: Callable[[Path, Quality], Embedded] = embed_file
) -> dict[Path, Embedded] | None:
    """All of them; None as soon as they are more than the page has room for."""
    found: dict[Path, Embedded] = {}
    size = 0
    for path in pictures:
        found[path] = load(path, quality)
        size += len(found[path].url)
        if size > room:
            return None
    return found
