"""The gallery of a page: test images with what the methods made of them, within a number of bytes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from spectra.bench.page.columns import minus
from spectra.bench.page.embedding import LADDER, Embedded, Quality, embed_all

MOST_BYTES = 8_500_000
"""Of all pictures and drawings on a page, as the page holds them."""
FEWEST_COLUMNS, MOST_COLUMNS = 4, 7
FEWER = (12, 6, 3, 1)
"""Images of a task, where even the smallest pictures of all would be too many."""
Said = Mapping[str, Any]


@dataclass(frozen=True)
class Legend:
    """What the colours of a picture stand for."""

    what: str
    false: bool
    low: str
    high: str
    unit: str
    bands: str
    no_data: bool


@dataclass(frozen=True)
class Made:
    """What one method made of an image."""

    method: str
    floor: bool
    prediction: Embedded
    error: Embedded | None
    score: str
    chosen: tuple[str, ...]
    """Of its scores on all images, this one is the worst, the median or the best."""


@dataclass(frozen=True)
class Beside:
    """What all images of a task have in common, so that their columns stand below each other."""

    made: int
    """Predictions of the image that has most."""
    wide: bool
    """Whether most of them are."""


@dataclass(frozen=True)
class Shot:
    """One test image."""

    name: str
    about: str
    why: tuple[tuple[str, str], ...]
    """What and of which method, with its score."""
    source: Embedded
    target: Embedded
    made: tuple[Made, ...]
    legends: tuple[Legend, ...]
    beside: Beside | None = None

    @property
    def wide(self) -> bool:
        return self.target.width > 1.7 * self.target.height if self.beside is None else self.beside.wide

    @property
    def columns(self) -> int:
        """Beside each other where there is room: all of them, or as many in each row."""
        count = (len(self.made) if self.beside is None else self.beside.made) + 1
        return max(FEWEST_COLUMNS, math.ceil(count / math.ceil(count / MOST_COLUMNS)))


@dataclass(frozen=True)
class Album:
    """The gallery of a task."""

    shots: tuple[Shot, ...]
    more: int
    """Images that are in the folder alone."""
    chosen_by: str
    notes: tuple[str, ...]
    folder: str

    @property
    def coloured(self) -> bool:
        """Whether any image is shown in false colours, so that there is something to turn grey."""
        return any(legend.false and legend.what != "error" for shot in self.shots for legend in shot.legends)


def albums(galleries: Mapping[str, tuple[Path, Said]], room: int) -> tuple[dict[str, Album], str]:
    """For each task; and how its pictures are stored."""
    for quality, most in (*((quality, FEWER[0]) for quality in LADDER), *((LADDER[-1], few) for few in FEWER[1:])):
        found = _fitting(galleries, quality, most, room)
        if found is not None:
            return found, quality.said
    return {}, "in the folder alone: they are too many for a page"


def _fitting(
    galleries: Mapping[str, tuple[Path, Said]], quality: Quality, most: int, room: int
) -> dict[str, Album] | None:
    paths = [path for folder, said in galleries.values() for path in files_of(folder, said["images"][:most])]
    pictures = embed_all(paths, quality, room)
    if pictures is None:
        return None
    return {task: _album(folder, said, most, pictures) for task, (folder, said) in galleries.items()}


def files_of(folder: Path, images: Sequence[Said]) -> list[Path]:
    found = []
    for image in images:
        made = [said[what] for said in image["methods"].values() for what in ("prediction", "error")]
        found += [_within(folder, name) for name in (image["source"]["file"], image["target"]["file"], *made)]
    return found


def _within(folder: Path, name: str) -> Path:
    """A picture of the gallery, whatever its list says: pages are also made of folders that others have sent."""
    return folder / Path(name).name


def _album(folder: Path, said: Said, most: int, pictures: Mapping[Path, Embedded]) -> Album:
    images = said["images"]
    floors = {method["name"] for method in said["methods"] if method["floor"]}
    shots = tuple(_shot(folder, image, said, floors, pictures) for image in images[:most])
    left = f"{folder.parent.name}/{folder.name}/"
    return Album(_aligned(shots), max(0, len(images) - most), said["metric"], tuple(said["notes"]), left)


def _aligned(shots: Sequence[Shot]) -> tuple[Shot, ...]:
    most = max((len(shot.made) for shot in shots), default=0)
    beside = Beside(most, 2 * sum(shot.wide for shot in shots) > len(shots))
    return tuple(replace(shot, beside=beside) for shot in shots)


def _shot(folder: Path, image: Said, said: Said, floors: set[str], pictures: Mapping[Path, Embedded]) -> Shot:
    why = tuple((f"{one['what']} of {one['method']}", _score(one["value"], said)) for one in image["why"])
    made = tuple(
        Made(
            method,
            method in floors,
            pictures[_within(folder, files["prediction"])],
            pictures[_within(folder, files["error"])],
            _score(files["scores"].get(said["metric"]), said),
            tuple(one["what"] for one in image["why"] if one["method"] == method),
        )
        for method, files in image["methods"].items()
    )
    height, width = image["size"]
    about = f"{width} × {height} pixels" + ("" if image["group"] == image["name"] else f", group {image['group']}")
    source, target = (pictures[_within(folder, image[side]["file"])] for side in ("source", "target"))
    return Shot(image["name"], about, why, source, target, made, _legends(image))


def _score(value: float | None, said: Said) -> str:
    return "not scored" if value is None else f"{minus(f'{value:#.4g}')} {said['unit']}".rstrip()


def _legends(image: Said) -> tuple[Legend, ...]:
    """Colours as they are need none, unless not all bands are shown."""
    found = []
    for what in ("source", "target", "error"):
        look = image[what]
        if look["colour"] == "false" or look["bands"] or look["no_data"]:
            name = "target and predictions" if what == "target" else what
            low, high = (_number(look[end]) for end in ("low", "high"))
            false = look["colour"] == "false"
            found.append(Legend(name, false, low, high, look["unit"], look["bands"], look["no_data"]))
    return tuple(found)


def _number(value: float) -> str:
    return minus(f"{value:.4g}")
