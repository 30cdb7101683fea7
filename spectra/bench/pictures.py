"""The pictures of a run's page: cut from the samples, made smaller where they are large, and embedded."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from spectra.bench.names import file_names
from spectra.bench.page.album import Legend, Made, Shot
from spectra.bench.page.embedding import Embedded
from spectra.bench.samples import GAP, WORST_SHOWN
from spectra.data.images import read_image
from spectra.data.preview import Image, embedded, fitted

PANELS = 4
"""Source, prediction, target and error."""
WIDEST = 640
"""Pixels of a panel on the page; the samples themselves keep their size."""
MOST_BYTES = 6_000_000
ERROR = Legend("error", True, "0", f"{WORST_SHOWN:.0%}", "of the scale", "", False)


def shown_samples(folder: Path, methods: Sequence[str]) -> tuple[list[Shot], int]:
    """The test images with the panels of each method, as many as a page can bear; and how many were left out."""
    images = _image_names(folder / "scores.csv")
    places = sorted({int(path.name.partition("_")[0]) for path in (folder / "samples").glob("*.png")})
    found: list[Shot] = []
    size = 0
    for place in places:
        shot = _shot(folder / "samples", place, methods, images[place])
        size += sum(len(picture.url) for picture in _pictures(shot))
        if found and size > MOST_BYTES:
            break
        found.append(shot)
    return found, len(places) - len(found)


def _image_names(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(dict.fromkeys(row["image"] for row in csv.DictReader(file)))


def _shot(folder: Path, place: int, methods: Sequence[str], image: str) -> Shot:
    """Source and target are the same in the samples of all methods."""
    strips = [_cut(read_image(folder / f"{place:04d}_{name}.png")) for name in file_names(methods)]
    source, _, target, _ = strips[0]
    made = tuple(
        Made(method, False, _embedded(prediction), _embedded(error), "", ())
        for method, (_, prediction, _, error) in zip(methods, strips, strict=True)
    )
    return Shot(image, "", (), _embedded(source), _embedded(target), made, (ERROR,))


def _pictures(shot: Shot) -> list[Embedded]:
    made = [picture for one in shot.made for picture in (one.prediction, one.error) if picture is not None]
    return [shot.source, shot.target, *made]


def _embedded(part: Image) -> Embedded:
    return Embedded(embedded(fitted(part, WIDEST)), part.shape[1], part.shape[0])


def _cut(strip: NDArray[Any]) -> list[Image]:
    width = (strip.shape[1] - GAP * (PANELS - 1)) // PANELS
    return [strip[:, place * (width + GAP) :][:, :width] for place in range(PANELS)]
