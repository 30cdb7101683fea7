"""Splits by lists: text files that name one place a line, in the many ways in which such files do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from spectra.data.catalogue import Place
from spectra.data.patterns.pattern import Pattern, spelled
from spectra.errors import DataError

if TYPE_CHECKING:
    from spectra.data.layout import Layout

LISTED = 5
LARGEST = 64 * 2**20
SEVERAL = -1


def by_lists(
    layout: Layout, root: Path, prefix: str, texts: Sequence[str], places: Sequence[Place]
) -> tuple[list[Place], list[str]]:
    """The places with the splits that the lists of a layout state, and what a person should know of them."""
    patterns = [(split, pattern) for split, several in layout.lists.items() for pattern in one_or_many(several)]
    found = [(split, text) for split, pattern in patterns for text in _matching(pattern, prefix, texts)]
    if not found:
        expected = ", ".join(repr(pattern) for _, pattern in patterns)
        return list(places), [f"No list of a split was found (expected: {expected}), so there are no splits by list."]
    return split_by(root, [(split, root / text) for split, text in found], places, fold=not layout.generic)


def one_or_many(patterns: str | tuple[str, ...]) -> tuple[str, ...]:
    return (patterns,) if isinstance(patterns, str) else patterns


def split_by(
    root: Path, files: Sequence[tuple[str, Path]], places: Sequence[Place], fold: bool = False
) -> tuple[list[Place], list[str]]:
    """The places with splits by text files, and notes: listed places that are absent, places that are in no list."""
    index = _Index(root, [place for place in places if not place.alone], fold)
    splits: dict[int, str] = {}
    notes, doubled = [], []
    for split, file in files:
        absent = []
        for line in read_list(file):
            place = index.find(line, file)
            if place is None:
                absent.append(line)
            elif splits.setdefault(place, split) != split:
                doubled.append(f"{index.places[place].name!r} is in {splits[place]!r} and {split!r}")
        if absent:
            notes.append(f"{str(file)!r} names {_counted(len(absent))} not here: {listed(absent)}.")
    if doubled:
        more = f"\n... and {len(doubled) - LISTED} more." if len(doubled) > LISTED else ""
        raise DataError("The lists overlap; each place can be in one split.\n" + "\n".join(doubled[:LISTED]) + more)
    if others := len(index.places) - len(splits):
        notes.append(f"{_counted(others)} in no list, and so in no split.")
    named = {id(index.places[place]): split for place, split in splits.items()}
    return [replace(it, split=named[id(it)]) if id(it) in named else it for it in places], notes


def read_list(path: Path) -> list[str]:
    """The lines that say something, stripped, each once."""
    try:
        if not path.is_file():  # a pipe would be waited for
            raise DataError(f"The list {str(path)!r} is not a file.")
        if path.stat().st_size > LARGEST:
            raise DataError(f"The list {str(path)!r} is larger than {LARGEST >> 20} MiB.")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as why:
        raise DataError(f"The list {str(path)!r} cannot be read: {why.strerror or why}.") from None
    except UnicodeDecodeError as why:
        raise DataError(f"The list {str(path)!r} is no UTF-8 text: see byte {why.start}.") from None
    lines = text.replace("\r", "\n").split("\n")
    return list(dict.fromkeys(line.strip() for line in lines if line.strip()))


class _Index:
    """Places by every way of naming them: their name, or path, name or stem of one of their files."""

    def __init__(self, root: Path, places: Sequence[Place], fold: bool) -> None:
        self.places, self.fold = places, fold
        self.exact: dict[str, int] = {}
        self.loose: dict[str, int] = {}
        for number, place in enumerate(places):
            _put(self.exact, self._key(place.name), number)
            for text in {self._key(text) for text in _ways(root, place)}:
                _put(self.loose, text, number)

    def find(self, line: str, file: Path) -> int | None:
        text = self._key(line.replace("\\", "/").removeprefix("./"))
        place = self.exact.get(text, self.loose.get(text))
        if place == SEVERAL:
            raise DataError(f"{str(file)!r} names {line!r}, which several places are called: write their folder too.")
        return place

    def _key(self, text: str) -> str:
        return spelled(text).casefold() if self.fold else spelled(text)


def _put(index: dict[str, int], text: str, number: int) -> None:
    index[text] = number if index.get(text, number) == number else SEVERAL


def _ways(root: Path, place: Place) -> Iterator[str]:
    yield place.name.rpartition("/")[2]
    for image in (image for images in place.images.values() for image in images):
        path = PurePosixPath(image.path.relative_to(root))
        yield from (str(path), str(path.with_suffix("")), path.name, path.stem)


def _matching(pattern: str, prefix: str, texts: Sequence[str]) -> list[str]:
    """The lists beside the data; failing these, at the root that was given."""
    read = Pattern(pattern)
    start = prefix + "/" if prefix else ""
    beside = [text for text in texts if text.startswith(start) and read.match(spelled(text[len(start) :])) is not None]
    return beside or [text for text in texts if read.match(spelled(text)) is not None]


def _counted(number: int) -> str:
    return "1 place that is" if number == 1 else f"{number:,} places that are"


def listed(names: Sequence[str]) -> str:
    more = f", ... ({len(names):,} in all)" if len(names) > LISTED else ""
    return ", ".join(repr(name) for name in names[:LISTED]) + more
