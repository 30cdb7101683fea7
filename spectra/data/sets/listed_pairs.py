"""Pairs of the places of one split, matched by name, never by order; each is read when it is asked for."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

import torch
from torch import Tensor

from spectra.data.catalogue import ImageFile, Place, Window
from spectra.data.pairs import Pair, Picture
from spectra.data.pictures import fits, masked, wrong_channels
from spectra.data.reader import Reader, Reading
from spectra.data.sets.facts import Facts
from spectra.data.sets.pairing import Files, Sides, by_combination, by_name, many
from spectra.errors import DataError, SpectraError
from spectra.modalities import Modality, Task

Size = tuple[int, int]
Listing = Callable[[Sequence[Place], Sides, str | None], list[Files]]
LISTINGS: dict[str, Listing] = {"name": by_name, "all": by_combination}


class ListedPairs:
    """The pairs of one split. Every file's header is read first, so that faults come together and early."""

    changing = False
    """Whether pairs change from epoch to epoch."""

    def __init__(
        self,
        places: Sequence[Place],
        task: Task,
        sides: Sides | None = None,
        mask_side: str | None = None,
        reader: Reading | None = None,
        *,
        pairing: str = "name",
        facts: Facts | None = None,
    ) -> None:
        """`sides`: of source and target; without, as the modalities are called. `facts`: shared with others."""
        self.task = task
        self.facts = facts or Facts(reader or Reader())
        self.reader = self.facts.reader
        self.files = LISTINGS[pairing](places, sides or (task.source.name, task.target.name), mask_side)
        self.sizes: Sequence[Size] = self._checked_sizes()
        """Height and width of each pair, from the headers."""

    def with_scales(self, task: Task) -> ListedPairs:
        """The same pairs, their values read by the scales of this task; no header is read again."""
        other = copy.copy(self)
        other.task = task
        return other

    @cached_property
    def names(self) -> Sequence[str]:
        return [files.name for files in self.files]

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, place: int) -> Pair:
        return self.look(place)

    def __iter__(self) -> Iterator[Pair]:
        return (self[place] for place in range(len(self)))

    def size(self, place: int, epoch: int = 0) -> Size:
        return self.sizes[place]

    def look(self, place: int, epoch: int = 0, window: Window | None = None) -> Pair:
        """The pair, the same in every epoch; of a window, no more is read than the format needs."""
        if not self.files:
            raise DataError("There are no pairs, only single images: this needs pairs.")
        files = self.files[place]
        source, target = self._pictures(place, window)
        return Pair(files.name, files.group, source, target)

    def _pictures(self, place: int, window: Window | None) -> tuple[Picture, Picture]:
        files = self.files[place]
        size = self.sizes[place] if window is None else (window.height, window.width)
        source = self.facts.picture(files.source, self.task.source, window)
        target = self.facts.picture(files.target, self.task.target, window)
        require_size(files.name, size, source.pixels[0], target.pixels[0])
        if files.mask is None:
            return source, target
        valid = read_mask(self.reader, files.mask, window)
        require_size(files.name, size, valid)
        return masked(source, valid), masked(target, valid)

    def _checked_sizes(self) -> list[Size]:
        """All faults that headers show are told together."""
        refuse(fault for files in self.files for fault in _faults(files, self.task, self.facts))
        return [self.facts.size(files.source) for files in self.files]

    def identity(self) -> str:
        """A hash of the names, and of the size and the first and last 64 KiB of each file."""
        digest = hashlib.sha256(f"{self.task}|{self.task.source.scale}|{self.task.target.scale}".encode())
        for files, fingerprint in zip(self.files, self.fingerprints, strict=True):
            digest.update(f"|{files.name}|{fingerprint}".encode())
            if files.mask is not None:
                digest.update(f"|mask|{self.facts.fingerprint(files.mask)}".encode())
        return digest.hexdigest()

    @cached_property
    def fingerprints(self) -> Sequence[str]:
        """What tells one pair from another without its name."""
        of = self.facts.fingerprint
        return [f"{of(files.source)}|{of(files.target)}" for files in self.files]


def read_mask(reader: Reading, file: ImageFile, window: Window | None = None) -> Tensor:
    """Where a mask says that there is data: where it is neither 0 nor NaN."""
    values = reader.array(file, window)[..., 0]
    return torch.from_numpy((values != 0) & (values == values))


def refuse(faults: Iterator[str]) -> None:
    """All faults of images in one error, each once."""
    if told := list(dict.fromkeys(faults)):
        raise DataError("\n".join(["Some images cannot be used:", *many(told)]))


def image_faults(file: ImageFile, modality: Modality | None, facts: Facts) -> Iterator[str]:
    """What the header has against an image; without a modality it is a mask."""
    try:
        channels = facts.header(file).channels
    except SpectraError as fault:
        yield str(fault)
        return
    if modality is None and channels != 1:
        yield f"the mask {str(file)!r} has {channels} channels, where a mask has one."
    if modality is not None and not fits(channels, modality):
        yield wrong_channels(file, channels, modality)


def _faults(files: Files, task: Task, facts: Facts) -> Iterator[str]:
    roles = ((files.source, task.source), (files.target, task.target), (files.mask, None))
    sizes: dict[ImageFile, Size] = {}
    for file, modality in roles:
        if file is not None:
            yield from image_faults(file, modality, facts)
            if facts.readable(file):
                sizes[file] = facts.size(file)
    if len(set(sizes.values())) > 1:
        told = [f"{str(file)!r} has {width}×{height}" for file, (height, width) in sizes.items()]
        yield f"the images of the pair {files.name!r} differ in size: {' and '.join(told)} pixels."


def require_size(name: str, size: Size, *images: Tensor) -> None:
    if any(tuple(image.shape) != size for image in images):
        raise DataError(f"The images of the pair {name!r} changed while they were in use: their sizes differ.")
