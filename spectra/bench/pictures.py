"""The pictures of a page: cut from the samples, made smaller where they are large, and embedded."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from spectra.bench.names import file_names
from spectra.bench.samples import GAP
from spectra.data.images import read_image
from spectra.data.preview import Image, embedded, fitted

PANELS = ("source", "prediction", "target", "error")
WIDEST = 640
"""Pixels of a panel on the page; the samples themselves keep their size."""
MOST_BYTES = 6_000_000


@dataclass(frozen=True)
class Panel:
    """One picture, and what to say below it."""

    what: str
    method: str
    picture: str
    """As a data URL."""
    width: int
    height: int


@dataclass(frozen=True)
class Shown:
    """One test image and what the methods made of it."""

    image: str
    panels: tuple[Panel, ...]

    @property
    def wide(self) -> bool:
        return self.panels[0].width > 2.2 * self.panels[0].height


def shown_samples(folder: Path, methods: Sequence[str]) -> tuple[list[Shown], int]:
    """The test images with the panels of each method, as many as a page can bear; and how many were left out."""
    images = _image_names(folder / "scores.csv")
    places = sorted({int(path.name.partition("_")[0]) for path in (folder / "samples").glob("*.png")})
    found: list[Shown] = []
    size = 0
    for place in places:
        panels = _ordered(list(_panels(folder / "samples", place, methods)))
        size += sum(len(panel.picture) for panel in panels)
        if found and size > MOST_BYTES:
            break
        found.append(Shown(images[place], panels))
    return found, len(places) - len(found)


def _image_names(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(dict.fromkeys(row["image"] for row in csv.DictReader(file)))


def _panels(folder: Path, place: int, methods: Sequence[str]) -> Iterator[Panel]:
    """Source and target once; prediction and error of each method."""
    for count, (method, name) in enumerate(zip(methods, file_names(methods), strict=True)):
        path = folder / f"{place:04d}_{name}.png"
        for what, part in zip(PANELS, _cut(read_image(path)), strict=True):
            if count == 0 or what in ("prediction", "error"):
                small = fitted(part, WIDEST)
                said = method if what in ("prediction", "error") else ""
                yield Panel(what, said, embedded(small), part.shape[1], part.shape[0])


def _ordered(panels: list[Panel]) -> tuple[Panel, ...]:
    """One method as in its sample; of several, what they share comes first."""
    if len(panels) == len(PANELS):
        return tuple(panels)
    return tuple(sorted(panels, key=lambda panel: bool(panel.method)))


def _cut(strip: NDArray[Any]) -> list[Image]:
    width = (strip.shape[1] - GAP * (len(PANELS) - 1)) // len(PANELS)
    return [strip[:, place * (width + GAP) :][:, :width] for place in range(len(PANELS))]
