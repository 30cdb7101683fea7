"""Folders of any origin: splits and modalities by folder, in either order, or modalities alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from spectra.data.catalogue import Catalogue, ImageFile, Place
from spectra.data.layout import About, Layout
from spectra.data.patterns.gather import twice
from spectra.data.patterns.lists import split_by
from spectra.data.patterns.tree import Tree, join, stem

SPLIT = re.compile(
    r"(pre)?(train(ing)?|test(ing)?|val(id)?|validation|trainval|dev(el)?|eval|holdout|fold\d*)([-_. ]?\d+)?",
    re.IGNORECASE,
)
FIRST = ("source", "input", "inputs", "a", "rgb", "vis", "visible", "vi", "color", "colour", "optical")
LAST = ("mask", "masks", "valid_mask", "label", "labels", "gt", "annotation", "annotations", "seg", "segmentation")
KNOWN = re.compile(
    r"(rgb|n?ir|swir|[ml]wir|sar|eo|gr[ae]y|ms\d+|vis(ible)?|vi|infrared|thermal|opt(ical)?|input|target|source|[ab])"
    r"([-_]\w+)?",
    re.IGNORECASE,
)


class Reading(NamedTuple):
    """At which depths of a path the split and the modality stand; the name is all that comes after."""

    split: int | None
    modality: int
    start: int
    """Where the name begins; folders before that are passed over."""


READINGS = (Reading(0, 1, 2), Reading(None, 0, 1), Reading(1, 0, 2), Reading(1, 2, 3), Reading(2, 1, 3))


@dataclass(frozen=True)
class Folders(Layout):
    """Which reading of the folders is meant shows in their names, and in how many images it gives a partner."""

    def explains(self, root: Path, files: Sequence[PurePosixPath]) -> int:
        tree = Tree.of(files)
        reading = best_reading(tree)
        return 0 if reading is None else sum(len(names) for _, names in _within(tree, reading))

    def catalogue(self, root: Path, files: Sequence[PurePosixPath]) -> Catalogue | None:
        tree = Tree.of(files)
        reading = best_reading(tree)
        if reading is None:
            return None
        places, notes = _places(root, tree, reading), list[str]()
        lists = _lists(root, tree) if reading.split is None else []
        if lists:
            places, notes = split_by(root, lists, places)
        inside = {folder for folder, _ in _within(tree, reading)}
        return Catalogue(
            root=root,
            layout=self.name,
            places=sorted(places, key=lambda place: (place.split, place.name)),
            strangers=[
                root / join(folder, name)
                for folder, names in tree.folders.items()
                if folder not in inside
                for name in names
            ],
            notes=notes,
            sides=sorted({side for place in places for side in place.images}, key=_usual),
        )


def best_reading(tree: Tree) -> Reading | None:
    """The reading that the names of splits decide; else the one that gives most images a partner."""
    deep = [parts for parts in tree.parts.values() if len(parts) >= 2]
    readings = list(_possible(tree))
    if len(readings) == 1:
        return readings[0]
    if deep and all(SPLIT.fullmatch(parts[0]) for parts in deep) and READINGS[0] in readings:
        return READINGS[0]
    return max(readings, key=lambda reading: (_partners(tree, reading), _words(tree, reading)), default=None)


def _possible(tree: Tree) -> Iterator[Reading]:
    """In the order in which they are tried. Splits below modalities are taken for such only where all are named so."""
    for reading in READINGS:
        inside = [parts for parts in tree.parts.values() if len(parts) >= reading.start]
        below = reading.split is None or reading.split == 0 or all(SPLIT.fullmatch(it[reading.split]) for it in inside)
        sides = {parts[reading.modality] for parts in inside}
        single = reading.start < 3 or len({parts[:1] for parts in tree.parts.values()}) == 1
        if inside and below and single and not all(SPLIT.fullmatch(side) for side in sides):
            yield reading


def _within(tree: Tree, reading: Reading) -> Iterator[tuple[str, Sequence[str]]]:
    return ((folder, names) for folder, names in tree.folders.items() if len(tree.parts[folder]) >= reading.start)


def _partners(tree: Tree, reading: Reading) -> int:
    """How many images have a partner in this reading: another modality, the same split and name."""
    counts: Counter[int] = Counter()
    for folder, _ in _within(tree, reading):
        before = _before(tree.parts[folder], reading)
        counts.update(hash((before, stem(name))) for name in tree.spelled[folder])
    return sum(count for count in counts.values() if count > 1)


def _before(parts: Sequence[str], reading: Reading) -> tuple[str, ...]:
    split = () if reading.split is None else (parts[reading.split],)
    return (*split, *parts[reading.start :])


def _words(tree: Tree, reading: Reading) -> int:
    inside = [parts for parts in tree.parts.values() if len(parts) >= reading.start]
    modalities = sum(KNOWN.fullmatch(parts[reading.modality]) is not None for parts in inside)
    if reading.split is None:
        return modalities
    return modalities + sum(SPLIT.fullmatch(parts[reading.split]) is not None for parts in inside)


def _places(root: Path, tree: Tree, reading: Reading) -> list[Place]:
    found: dict[tuple[str, str], dict[str, tuple[ImageFile, ...]]] = {}
    for folder, names in _within(tree, reading):
        parts, path = tree.parts[folder], root / folder
        split = "" if reading.split is None else parts[reading.split]
        side, subfolder = parts[reading.modality], "/".join(parts[reading.start :])
        for file, text in zip(names, tree.spelled[folder], strict=True):
            name, image = join(subfolder, stem(text)), ImageFile(path / file)
            images = found.setdefault((split, name), {})
            if side in images:
                raise twice(root, name, side, *sorted((*images[side], image)))
            images[side] = (image,)
    return [Place(name, name.rpartition("/")[0] or name, split, images) for (split, name), images in found.items()]


def _lists(root: Path, tree: Tree) -> list[tuple[str, Path]]:
    """`splits/NAME.txt`, each the split of its name."""
    return [
        (stem(text.rpartition("/")[2]), root / text)
        for text in tree.texts
        if text.lower().startswith("splits/") and text.count("/") == 1 and text.lower().endswith(".txt")
    ]


def _usual(side: str) -> tuple[int, int, str]:
    """Usual source first, masks and labels last."""
    name = side.casefold()
    rank = 0 if name in FIRST else 2 if name in LAST else 1
    return rank, FIRST.index(name) if name in FIRST else 0, name


TREE = """\
ROOT/SPLIT/MODALITY/NAME.ext         such as train/rgb/0001.png and train/nir/0001.tif
or ROOT/MODALITY/SPLIT/NAME.ext
or ROOT/MODALITY/NAME.ext            without splits, or with lists of names: ROOT/splits/SPLIT.txt
NAME may lie in subfolders: what shares a subfolder is one group, never torn apart by a split."""

folders = Folders(
    name="folders",
    title="Folders of splits and modalities",
    about=About(
        what="Data of any origin, one folder for each modality. Images of one name are of one place.",
        size="any",
        licence="your own",
        where="your own",
        split="by folders named train, test and the like, or by lists; grouped by subfolder",
        watch=("Two files of one name in one folder, such as a.png and a.tif, are refused.",),
    ),
    sides=(),
    key="",
    tree=TREE,
    generic=True,
)
