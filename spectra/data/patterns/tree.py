"""The files below a root, by folder: made once, looked through by every layout."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import PurePosixPath
from typing import overload

from spectra.data.patterns.pattern import spelled

TEXTS = frozenset({".txt", ".csv", ".jsonl"})
"""Suffixes of lists and manifests: of all files, only these and images are shown to a layout."""


def is_text(name: str) -> bool:
    return suffix(name) in TEXTS


def suffix(name: str) -> str:
    """The last suffix, in small letters; without the cost of a path for each of many names."""
    place = name.rfind(".")
    return name[place:].lower() if place > 0 else ""


def stem(name: str) -> str:
    """A name without its last suffix."""
    place = name.rfind(".")
    return name[:place] if place > 0 else name


class Tree(Sequence[PurePosixPath]):
    """Paths relative to a root, sorted; `folders` holds the same by folder: images apart from texts."""

    def __init__(self, folders: Mapping[str, Sequence[str]]) -> None:
        """From the names in each folder, which is empty for the root itself."""
        found = {folder: sorted(names) for folder, names in sorted(folders.items())}
        self.folders = {
            folder: images
            for folder, names in found.items()
            if (images := [name for name in names if not is_text(name)])
        }
        self.texts = [join(folder, name) for folder, names in found.items() for name in names if is_text(name)]
        self.images = sum(len(names) for names in self.folders.values())
        """How many images there are."""
        self._heads: dict[int, frozenset[str]] = {}

    @staticmethod
    def of(files: Sequence[PurePosixPath]) -> Tree:
        if isinstance(files, Tree):
            return files
        folders: dict[str, list[str]] = {}
        for file in files:
            parent = str(file.parent)
            folders.setdefault("" if parent == "." else parent, []).append(file.name)
        return Tree(folders)

    @cached_property
    def parts(self) -> Mapping[str, tuple[str, ...]]:
        """The names of each folder's path, in one spelling."""
        return {folder: tuple(spelled(folder).split("/")) if folder else () for folder in self.folders}

    @cached_property
    def spelled(self) -> Mapping[str, Sequence[str]]:
        """The names of the images in each folder, in one spelling, in the order of `folders`."""
        return {
            folder: names if all(map(str.isascii, names)) else list(map(spelled, names))
            for folder, names in self.folders.items()
        }

    def heads(self, depth: int) -> frozenset[str]:
        """The first folders of every path, so many of them."""
        if depth not in self._heads:
            self._heads[depth] = frozenset("/".join(folder.split("/")[:depth]) for folder in self.folders)
        return self._heads[depth]

    def paths(self) -> Iterator[str]:
        """Every image, relative to the root."""
        return (join(folder, name) for folder, names in self.folders.items() for name in names)

    @cached_property
    def _all(self) -> list[PurePosixPath]:
        return sorted(map(PurePosixPath, (*self.paths(), *self.texts)))

    def __len__(self) -> int:
        return self.images + len(self.texts)

    @overload
    def __getitem__(self, place: int) -> PurePosixPath: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[PurePosixPath]: ...
    def __getitem__(self, place: int | slice) -> PurePosixPath | Sequence[PurePosixPath]:
        return self._all[place]


def join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
