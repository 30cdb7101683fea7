"""What lies below a folder: images, lists and manifests; hidden ones are left out, links that lead back end."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from spectra.data.images import SUFFIXES
from spectra.data.patterns.tree import TEXTS, Tree, suffix
from spectra.errors import DataError

WANTED = SUFFIXES | TEXTS
OFTEN = 16
Identity = tuple[int, int]


def walk(root: Path) -> Tree:
    """The tree below a root. A folder that links show in several places counts in each, but never inside itself."""
    folders: dict[str, list[str]] = {}
    entered: Counter[Identity] = Counter()
    waiting: list[tuple[str, tuple[Identity, ...]]] = [("", ())]
    while waiting:
        folder, above = waiting.pop()
        path = root / folder
        try:
            status = path.stat()
            identity = (status.st_dev, status.st_ino)
            if identity in above:
                continue
            entered[identity] += 1
            if entered[identity] > OFTEN:
                raise DataError(f"Links show the folder {str(path)!r} in more than {OFTEN} places: remove some.")
            names, inner = _entries(path)
        except OSError as why:
            raise DataError(f"The folder {str(path)!r} cannot be listed: {why.strerror or why}.") from None
        if names:
            folders[folder] = names
        waiting += [(f"{folder}/{name}" if folder else name, (*above, identity)) for name in inner]
    return Tree(folders)


def _entries(path: Path) -> tuple[list[str], list[str]]:
    """The files that count, and the folders."""
    names, inner = [], []
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if _is_folder(entry):
                inner.append(entry.name)
            elif suffix(entry.name) in WANTED:
                names.append(entry.name)
    return names, inner


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself: told as an image that cannot be read
        return False
