"""Pairs of made-up photographs, clean as they are, with faults planted by the tests."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from spectra.data.images import write_image
from spectra.data.scenes import scene

SIZE = 160


@cache
def drawn(number: int, size: int = SIZE) -> tuple[NDArray[Any], NDArray[Any]]:
    """One street scene in colour and in near infrared."""
    shown = scene(7, number, size, "street")
    return shown.image("rgb", 8), shown.image("nir", 8)


def put(root: Path, name: str, rgb: NDArray[Any] | None = None, nir: NDArray[Any] | None = None) -> None:
    """Write the images of one place; what was there is written over. `name` is SPLIT/NAME."""
    split, _, rest = name.partition("/")
    for side, image in (("rgb", rgb), ("nir", nir)):
        if image is not None:
            path = root / split / side / f"{rest}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_image(path, image, overwrite=True)


def clean(root: Path, train: int = 8, test: int = 3) -> Path:
    for number in range(train):
        put(root, f"train/{number:03d}", *drawn(number))
    for number in range(train, train + test):
        put(root, f"test/{number:03d}", *drawn(number))
    return root
