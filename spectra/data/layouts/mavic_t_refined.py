"""MAVIC-T as others rearranged it for training: a folder a task, inputs and targets, and a manifest of the pairs."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from spectra.data.catalogue import Catalogue, ImageFile, Place
from spectra.data.layout import About, Layout, Side
from spectra.data.layouts.mavic_t import CHALLENGE, CITE, LICENCE
from spectra.data.layouts.rows import Faults, Row, read_rows
from spectra.data.layouts.splits import USUAL

MANIFEST = re.compile(r"(?:.*/)?[^/]*manifest[^/]*\.csv", re.IGNORECASE)
_SPLIT = "{split:train|val|validation|test}/"
VAL = {"validation": "val"}
_ROOTS = ("MACIV-T-2025-Structure-Refined",)
_NAME = "{city}__{tile}__{source}__"


def _tasks(tasks: str) -> tuple[str, str]:
    """The folders of tasks, with a suffix such as `_crop_aug`; and none, where the root is one of them."""
    return f"{{task:{tasks}[a-z0-9_]*}}/{_SPLIT}", "{task:}" + _SPLIT


def _sides(modality: str, role: str, tasks: str) -> Iterator[Side]:
    return (Side(modality, f"{task}{role}/{_NAME}{modality}.{{type:tiff?}}") for task in _tasks(tasks))


_FRAMES = Layout(
    name="mavic_t_refined",
    title="",
    about=About(what="", size="", licence="", where=""),
    sides=(
        *(Side("sar", task + r"input/{frame:Gotcha_?\d+}.*") for task in _tasks("sar2eo")),
        *(Side("eo", task + r"target/{frame:Gotcha_?\d+}.*") for task in _tasks("sar2eo")),
    ),
    key="{task}/{frame}",
    split="{split}",
    splits=USUAL,
    roots=_ROOTS,
)
"""The task sar2eo, whose names tell neither a tile nor a modality."""


@dataclass(frozen=True)
class Refined(Layout):
    """Pairs by the manifest, where there is one: in one arrangement many inputs share the mosaic of their tile."""

    def explains(self, root: Path, files: Sequence[PurePosixPath]) -> int:
        return super().explains(root, files) + _FRAMES.explains(root, files)

    def catalogue(self, root: Path, files: Sequence[PurePosixPath]) -> Catalogue | None:
        parts = [part for part in (super().catalogue(root, files), _FRAMES.catalogue(root, files)) if part]
        if not parts:
            return None
        catalogue = _joined(parts, [side.modality for side in self.sides])
        manifests = [path for path in files if MANIFEST.fullmatch(str(path))]
        return _by_manifests(catalogue, manifests) if manifests else catalogue


def _joined(parts: Sequence[Catalogue], order: Sequence[str]) -> Catalogue:
    there = {side for part in parts for side in part.sides}
    strange = set.intersection(*(set(part.strangers) for part in parts))
    return replace(
        parts[0],
        places=sorted((place for part in parts for place in part.places), key=lambda place: (place.split, place.name)),
        strangers=sorted(strange),
        notes=[note for part in parts for note in part.notes],
        sides=[side for side in dict.fromkeys((*order, "eo")) if side in there],
    )


@dataclass(frozen=True)
class _Known:
    """What the names told of one image."""

    side: str
    file: ImageFile
    place: Place


def _by_manifests(catalogue: Catalogue, manifests: Sequence[PurePosixPath]) -> Catalogue:
    known = {
        file.path: _Known(side, file, place)
        for place in catalogue.places
        for side, files in place.images.items()
        for file in files
    }
    paired: dict[tuple[str, str], Place] = {}
    used: set[Path] = set()
    absent = 0
    for row, start in _rows(catalogue.root, manifests):
        pair = [known.get(start / row.word(role)) for role in ("input", "target")]
        if pair[0] is None or pair[1] is None:
            absent += 1
            continue
        used |= {pair[0].file.path, pair[1].file.path}
        place = _pair(pair[0], pair[1], row.word("split").casefold())
        at = (place.split, place.name)
        paired[at] = _both(paired[at], place) if at in paired else place
    rest = [left for place in catalogue.places if (left := _without(place, used, paired.keys())).images]
    told = "1 pair" if absent == 1 else f"{absent:,} pairs"
    notes = [f"The manifest names {told} of which a file is not here."] if absent else []
    places = sorted((*paired.values(), *rest), key=lambda place: (place.split, place.name))
    return replace(catalogue, places=places, notes=[*catalogue.notes, *notes])


def _rows(root: Path, manifests: Sequence[PurePosixPath]) -> Iterator[tuple[Row, Path]]:
    """The rows of the manifests, each with the folder that its paths count from: the one above `manifests`."""
    for manifest in manifests:
        path = root / manifest
        start = path.parent.parent if path.parent.name.casefold() == "manifests" else path.parent
        faults, empty = Faults(path), True
        for row in read_rows(path, faults):
            empty = False
            if row.word("input") and row.word("target"):
                yield row, start
            else:
                faults.add(row.line, "the row does not name an `input` and a `target`")
        if empty:
            faults.add(1, "there are no rows with the columns `input` and `target`")
        faults.tell()


def _pair(source: _Known, target: _Known, split: str) -> Place:
    images = {source.side: (source.file,), target.side: (target.file,)}
    return replace(source.place, split=VAL.get(split, split) or source.place.split, images=images)


def _both(one: Place, other: Place) -> Place:
    """One place for an input that stands in several rows."""
    sides = dict.fromkeys((*one.images, *other.images))
    images = {side: tuple(sorted({*one.images.get(side, ()), *other.images.get(side, ())})) for side in sides}
    return replace(one, images=images)


def _without(place: Place, used: set[Path], taken: Container[tuple[str, str]]) -> Place:
    """What is left of a place, under a name that no pair has."""
    images = {side: tuple(file for file in files if file.path not in used) for side, files in place.images.items()}
    name = f"{place.name}~unpaired" if (place.split, place.name) in taken else place.name
    return replace(place, name=name, images={side: files for side, files in images.items() if files})


refined = Refined(
    name="mavic_t_refined",
    title="MAVIC-T rearranged by task: inputs and targets",
    about=About(
        what="The MAVIC-T training data as a participant rearranged them: pairs of sar2eo, rgb2ir, sar2ir and "
        "sar2rgb, the SAR resampled onto the target, cut or resized to one size.",
        size="sar2eo 89,411 pairs of 256×256, 8-bit PNG; rgb2ir 2,272, sar2ir 10,576, sar2rgb 10,576 pairs of "
        "1024×1024, 8-bit TIFF",
        licence=LICENCE,
        where="made from the challenge's data, " + CHALLENGE,
        cite=CITE,
        split="All is train. Split by location (city and tile); the frames of sar2eo have no location in their names.",
        watch=(
            "With several tasks below the root, images of one task have no partner in another: give the folder of a "
            "task as root, or set `data.unpaired`.",
            "The targets of sar2ir and sar2rgb are repeated: many inputs show one tile.",
            "sar2eo's train holds the challenge's validation frames too.",
            "uint16 was divided by 257, which leaves images of 11 or 12 bits dark; black blocks mark missing data.",
        ),
        uncertain=(
            "which of the two arrangements a copy has: in one the target bears the input's name, in the other the "
            "mosaic's, and only the manifest tells the pairs",
        ),
    ),
    sides=(
        *_sides("sar", "input", "sar2"),
        *_sides("rgb", "input", "rgb2"),
        *_sides("rgb", "target", "sar2rgb"),
        *_sides("ir", "target", "(?:sar|rgb)2ir"),
    ),
    key="{task}/{city}__{tile}__{source}",
    group="{city}/{tile}",
    split="{split}",
    splits=USUAL,
    roots=_ROOTS,
    task="sar2rgb",
    tree="""\
MACIV-T-2025-Structure-Refined/
  sar2rgb/train/input/<city>__<tile>__<source>__sar.tif
  sar2rgb/train/target/<city>__<tile>__<source>__rgb.tif
  rgb2ir/ sar2ir/   likewise, also as rgb2ir_crop_aug/
  sar2eo/train/input/Gotcha1.png, sar2eo/train/target/Gotcha1.png
  manifests/refined_manifest.csv   task, split, input, target, tile, source_city""",
)
