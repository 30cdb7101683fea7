"""From the rows of a manifest to places."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from spectra.data.catalogue import ImageFile, Place
from spectra.data.layouts.rows import WORDS, Faults, Row, read_rows
from spectra.data.patterns.pattern import spelled
from spectra.data.patterns.tree import suffix
from spectra.errors import DataError


@dataclass(frozen=True)
class Table:
    """A manifest as it was read."""

    places: list[Place]
    sides: list[str]
    notes: list[str]


def read_table(path: Path, base: Path) -> Table:
    """The places of a manifest; all faults are told together."""
    faults = Faults(path)
    rows = list(read_rows(path, faults))
    sides, others = columns(rows)
    if not sides:
        faults.tell()
        raise DataError(
            f"The manifest {str(path)!r} has no column with paths of images"
            f"{f', only {_named(others)}' if others else ''}. It needs one for each side, such as rgb and nir."
        )
    places = list(_places(rows, sides, base, faults))
    faults.tell()
    notes = [f"The manifest's column {name!r} holds no paths of images, and was passed over." for name in others]
    return Table(places, sides, [*notes, *_leading_out(places, base)])


def columns(rows: Iterable[Row]) -> tuple[list[str], list[str]]:
    """The columns that hold paths of images, and those that hold something else."""
    found: dict[str, bool] = {}
    for row in rows:
        for name, texts in row.cells.items():
            if name not in WORDS and not found.get(name):
                found[name] = any(_is_image(text) for text in texts)
    return [name for name, it in found.items() if it], [name for name, it in found.items() if not it]


def _is_image(text: str) -> bool:
    from spectra.data.images import SUFFIXES  # to list layouts, no image library is needed

    return suffix(text) in SUFFIXES


def _places(rows: Iterable[Row], sides: list[str], base: Path, faults: Faults) -> Iterator[Place]:
    seen: dict[tuple[str, str], int] = {}
    for row in rows:
        images = {side: texts for side in sides if (texts := row.cells.get(side))}
        wrong = [fault for side, texts in images.items() for text in texts if (fault := _fault(base, side, text))]
        name, split = _name(row, images), row.word("split")
        if not images:
            wrong.append(f"it names no image: {_named(sides)} are empty")
        elif not _is_name(name):
            wrong.append(f"the name {name!r} cannot be a file's: it is empty between slashes, or leads elsewhere")
        elif (first := seen.setdefault((split, name), row.line)) != row.line:
            said = "" if row.word("name") else " (made of its first path: add a column `name`)"
            wrong.append(f"the name {name!r}{said} stands in line {first} already")
        for fault in wrong:
            faults.add(row.line, fault)
        if not wrong:
            files = {side: tuple(ImageFile(base / text) for text in texts) for side, texts in images.items()}
            yield Place(name, spelled(row.word("group")) or name, spelled(split), files)


def _fault(base: Path, side: str, text: str) -> str | None:
    if not _is_image(text):
        return f"{side!r} is {text!r}, which has no suffix of an image"
    if not os.path.isfile(base / text):  # noqa: PTH113 - it says no, where a Path would raise
        hint = " (folders are divided by /)" if "\\" in text else ""
        return f"{side!r} is {text!r}, which is not there{hint}"
    return None


def _name(row: Row, images: dict[str, tuple[str, ...]]) -> str:
    """The name that is given, or the first path without its suffix and without what leads elsewhere."""
    if given := row.word("name"):
        return spelled(given)
    first = next((texts[0] for texts in images.values()), "")
    parts = PurePosixPath(os.path.normpath(first)).with_suffix("").parts if _is_image(first) else ()
    return spelled("/".join(part for part in parts if part not in ("..", "/", "//")))


def _is_name(name: str) -> bool:
    return all(part not in ("", ".", "..") for part in name.split("/"))


def _leading_out(places: list[Place], base: Path) -> Iterator[str]:
    start = os.path.normpath(base) + os.sep
    out = [image.path for place in places for images in place.images.values() for image in images
           if not os.path.normpath(image.path).startswith(start)]  # fmt: skip
    if out:
        yield f"{len(out):,} paths of the manifest lead out of its folder, such as {str(out[0])!r}."


def _named(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names)
