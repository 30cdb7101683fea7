"""Catalogues made by hand, with images of a few pixels, for tests that pair and split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from spectra.data.catalogue import Catalogue, ImageFile, Place
from spectra.data.images import write_image
from spectra.data.pairs import Picture

CHANNELS = {"rgb": 3}


def image_file(root: Path, name: str, side: str, value: int, size: tuple[int, int] = (4, 5)) -> ImageFile:
    """An image that is known by its value."""
    path = root / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(path, np.full((*size, CHANNELS.get(side, 1)), value, np.uint8))
    return ImageFile(path)


def place(root: Path, name: str, images: Mapping[str, Sequence[tuple[str, int]]], group: str = "") -> Place:
    """A place whose images have these stems and values."""
    files = {
        side: tuple(image_file(root, f"{name}/{side}/{stem}", side, value) for stem, value in named)
        for side, named in images.items()
    }
    return Place(name, group or name, "train", files)


def value(picture: Picture) -> int:
    return round(float(picture.pixels.max()) * 255)


def catalogue(places: Sequence[Place], layout: str = "made") -> Catalogue:
    return Catalogue(Path("made"), layout, sorted(places, key=lambda it: (it.split, it.name)), sides=("rgb", "ir"))
