"""Pairs from folders: `<root>/<split>/<modality>/NAME.ext`, matched by name, never by order."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from spectra.data.images import find_images, read_header
from spectra.data.pairs import Pair
from spectra.data.pictures import read_picture, wrong_channels
from spectra.errors import DataError, SpectraError, did_you_mean
from spectra.modalities import Modality, Task

Size = tuple[int, int]

LISTED = 5
EDGE = 65536


@dataclass(frozen=True)
class Files:
    """The two files of a pair."""

    name: str
    source: Path
    target: Path

    @property
    def group(self) -> str:
        """Pairs in one subfolder are of one place; on the top level each is its own."""
        folder, _, _ = self.name.rpartition("/")
        return folder or self.name


class FolderPairs:
    """The pairs of one split. Every file's header is read first, so that faults come together and early."""

    def __init__(self, root: Path, split: str, task: Task, folders: tuple[str, str] | None = None) -> None:
        self.task = task
        source, target = folders or (task.source.name, task.target.name)
        place = _existing(root, split, "split")
        self.files = _matched(_existing(place, source, "modality"), _existing(place, target, "modality"))
        self.sizes = _checked_sizes(self.files, task)
        """Height and width of each pair, from the headers."""

    @property
    def names(self) -> Sequence[str]:
        return [files.name for files in self.files]

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, place: int) -> Pair:
        files = self.files[place]
        source, target = read_picture(files.source, self.task.source), read_picture(files.target, self.task.target)
        if source.pixels.shape[1:] != target.pixels.shape[1:]:
            raise DataError(
                f"The images of the pair {files.name!r} changed while they were in use: their sizes differ."
            )
        return Pair(files.name, files.group, source, target)

    def __iter__(self) -> Iterator[Pair]:
        return (self[place] for place in range(len(self)))

    def identity(self) -> str:
        """A hash of the names, and of the size and the first and last 64 KiB of each file."""
        digest = hashlib.sha256(f"{self.task}|{self.task.source.scale}|{self.task.target.scale}".encode())
        for files, fingerprint in zip(self.files, self.fingerprints, strict=True):
            digest.update(f"|{files.name}|{fingerprint}".encode())
        return digest.hexdigest()

    @cached_property
    def fingerprints(self) -> list[str]:
        """What tells one pair from another without its name."""
        return [f"{_fingerprint(files.source)}|{_fingerprint(files.target)}" for files in self.files]


def _fingerprint(path: Path) -> str:
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            start = file.read(EDGE)
            file.seek(max(EDGE, size - EDGE))
            return f"{size}:{hashlib.sha256(start + file.read(EDGE)).hexdigest()}"
    except OSError as why:
        raise DataError(f"The image {str(path)!r} cannot be read: {why.strerror or why}.") from None


def _existing(parent: Path, name: str, what: str) -> Path:
    if not parent.is_dir():
        raise DataError(f"There is no folder {str(parent)!r}. Data lies in ROOT/SPLIT/MODALITY/NAME.ext.")
    folder = parent / name
    if folder.is_dir():
        return folder
    others = sorted(entry.name for entry in parent.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    raise DataError(
        f"{str(parent)!r} has no {what} {name!r}.{_near(name, others)} "
        f"It holds: {', '.join(others) or 'no folders'}. "
        f"Data lies in ROOT/SPLIT/MODALITY/NAME.ext."
    )


def _near(name: str, others: Sequence[str]) -> str:
    """Upper and lower case do not count: `RGB` is near `rgb`."""
    return did_you_mean(name, others) or next(
        (f" Did you mean {other!r}?" for other in others if other.casefold() == name.casefold()), ""
    )


def _name(path: Path) -> str:
    """One spelling for what looks the same, and no bytes that are not text: a name goes into tables and pages."""
    text = os.fsencode(path.with_suffix("")).decode("utf-8", "backslashreplace")
    return unicodedata.normalize("NFC", text.replace(os.sep, "/"))


def _by_name(folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in find_images(folder):
        name = _name(path.relative_to(folder))
        if name in found:
            raise DataError(
                f"Two images in {str(folder)!r} have the name {name!r}: {found[name].name!r} and {path.name!r}."
            )
        found[name] = path
    if not found:
        raise DataError(f"{str(folder)!r} holds no image (.png, .tif, .tiff, .jpg, .jpeg or .npy).")
    return found


def _matched(source: Path, target: Path) -> list[Files]:
    sources, targets = _by_name(source), _by_name(target)
    lonely = [(folder, other, sorted(ours.keys() - theirs.keys())) for folder, other, ours, theirs in
              ((source, target, sources, targets), (target, source, targets, sources))]  # fmt: skip
    faults = [
        f"{len(names)} in {str(folder)!r} without a partner in {str(other)!r}: {_listed(names)}"
        for folder, other, names in lonely
        if names
    ]
    if faults:
        raise DataError(
            "Images are paired by name, and some stand alone. Remove them or add what is missing.\n" + "\n".join(faults)
        )
    return [Files(name, sources[name], targets[name]) for name in sorted(sources)]


def _checked_sizes(all_files: Sequence[Files], task: Task) -> list[Size]:
    """Height and width of each pair; all faults that headers show are told together."""
    sizes: list[Size] = []
    faults = [fault for files in all_files for fault in _header_faults(files, task, sizes)]
    if faults:
        more = [f"... and {len(faults) - LISTED} more."] if len(faults) > LISTED else []
        raise DataError("\n".join(["Some images cannot be used:", *faults[:LISTED], *more]))
    return sizes


def _header_faults(files: Files, task: Task, found: list[Size]) -> Iterator[str]:
    sizes: list[Size] = []
    for path, modality in ((files.source, task.source), (files.target, task.target)):
        try:
            header = read_header(path)
        except SpectraError as fault:
            yield str(fault)
            continue
        sizes.append((header.height, header.width))
        if header.channels != modality.channels:
            yield wrong_channels(path, header.channels, modality)
    if len(set(sizes)) > 1:
        told = [
            f"{str(path)!r} has {_size(size)}" for path, size in zip((files.source, files.target), sizes, strict=True)
        ]
        yield f"the images of the pair {files.name!r} differ in size: {' and '.join(told)} pixels."
    found += sizes[:1]


def _size(size: Size) -> str:
    return f"{size[1]}×{size[0]}"


def _listed(names: Sequence[str]) -> str:
    more = f", ... ({len(names)} in all)" if len(names) > LISTED else ""
    return ", ".join(repr(name) for name in names[:LISTED]) + more


def folder_modalities(task: Task, source: str | None, target: str | None) -> tuple[str, str]:
    """The folder names of both sides: as said, or as the modalities are called."""
    return source or _folder(task.source), target or _folder(task.target)


def _folder(modality: Modality) -> str:
    return modality.name
