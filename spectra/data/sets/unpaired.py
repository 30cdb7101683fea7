"""Single images of one modality, for streams that need no partners."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from spectra.data.catalogue import ImageFile, Place, Window
from spectra.data.pairs import PairSet, Picture, look, sizes_of
from spectra.data.pictures import masked
from spectra.data.reader import Reader, Reading
from spectra.data.sets.facts import Facts
from spectra.data.sets.listed_pairs import Size, image_faults, read_mask, refuse
from spectra.errors import DataError
from spectra.modalities import Modality


class ImageSet(Protocol):
    """Pictures by place, read when they are asked for."""

    @property
    def names(self) -> Sequence[str]: ...

    def __len__(self) -> int: ...

    def __getitem__(self, place: int) -> Picture: ...

    def size(self, place: int, epoch: int = 0) -> Size:
        """Height and width, without reading the pixels where a header tells them."""

    def look(self, place: int, epoch: int = 0, window: Window | None = None) -> Picture:
        """The picture, the same in every epoch, or a window of it."""

    def identity(self) -> str:
        """A hash of all that the pictures are made of."""


@dataclass(frozen=True)
class Single:
    """One image, and the mask of its place."""

    name: str
    file: ImageFile
    mask: ImageFile | None = None


def singles(places: Sequence[Place], side: str, mask: str | None = None) -> list[Single]:
    """All images of one side, in the order of the places."""
    found = []
    for place in places:
        files, masks = place.images.get(side, ()), place.images.get(mask, ()) if mask else ()
        for number, file in enumerate(files, start=1):
            name = place.name if len(files) == 1 else f"{place.name}~{number}"
            found.append(Single(name, file, masks[0] if len(masks) == 1 else None))
    return found


class Unpaired:
    """Images of one modality from files. Every header is read first, so that faults come together and early."""

    def __init__(
        self,
        images: Sequence[Single],
        modality: Modality,
        reader: Reading | None = None,
        *,
        facts: Facts | None = None,
    ) -> None:
        """`facts`: what is known of the files already, shared with others."""
        self.images, self.modality = list(images), modality
        self.facts = facts or Facts(reader or Reader())
        self.reader = self.facts.reader
        refuse(fault for image in self.images for fault in _faults(image, modality, self.facts))
        self.sizes: Sequence[Size] = [self.facts.size(image.file) for image in self.images]

    def with_scale(self, modality: Modality) -> Unpaired:
        """The same images, their values read by the scale of this modality."""
        other = copy.copy(self)
        other.modality = modality
        return other

    @cached_property
    def names(self) -> Sequence[str]:
        return [image.name for image in self.images]

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, place: int) -> Picture:
        return self.look(place)

    def __iter__(self) -> Iterator[Picture]:
        return (self[place] for place in range(len(self)))

    def size(self, place: int, epoch: int = 0) -> Size:
        return self.sizes[place]

    def look(self, place: int, epoch: int = 0, window: Window | None = None) -> Picture:
        image = self.images[place]
        picture = self.facts.picture(image.file, self.modality, window)
        size = self.sizes[place] if window is None else (window.height, window.width)
        if tuple(picture.pixels.shape[1:]) != size:
            raise DataError(f"The image {str(image.file)!r} changed while it was in use: its size is another.")
        return picture if image.mask is None else masked(picture, read_mask(self.reader, image.mask, window))

    def identity(self) -> str:
        digest = hashlib.sha256(f"{self.modality}|{self.modality.scale}".encode())
        for image in self.images:
            marks = [self.facts.fingerprint(file) for file in (image.file, image.mask) if file is not None]
            digest.update(f"|{image.name}|{'|'.join(marks)}".encode())
        return digest.hexdigest()


class SideOfPairs:
    """One side of pairs as single images, such as the sources of scenes."""

    def __init__(self, pairs: PairSet, side: int) -> None:
        self.pairs, self.side = pairs, side

    @property
    def names(self) -> Sequence[str]:
        return self.pairs.names

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, place: int) -> Picture:
        return self.look(place)

    def size(self, place: int, epoch: int = 0) -> Size:
        sizes = sizes_of(self.pairs)
        height, width = sizes[place] if sizes else self[place].pixels.shape[1:]
        return height, width

    def look(self, place: int, epoch: int = 0, window: Window | None = None) -> Picture:
        pair = look(self.pairs, place, epoch, window)
        return (pair.source, pair.target)[self.side]

    def identity(self) -> str:
        return f"side {self.side} of {self.pairs.identity()}"


def _faults(image: Single, modality: Modality, facts: Facts) -> Iterator[str]:
    yield from image_faults(image.file, modality, facts)
    if image.mask is not None:
        yield from image_faults(image.mask, None, facts)
        if (
            facts.readable(image.file)
            and facts.readable(image.mask)
            and facts.size(image.file) != facts.size(image.mask)
        ):
            yield f"the mask {str(image.mask)!r} and the image {str(image.file)!r} differ in size."
