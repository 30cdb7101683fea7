"""What a data set holds: its places, and the files that show each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

Part = Literal["", "left", "right"]


class Window(NamedTuple):
    """A part of an image, in its pixels."""

    top: int
    left: int
    height: int
    width: int


@dataclass(frozen=True, order=True)
class ImageFile:
    """One image: a file, or one half of a file in which two images stand side by side."""

    path: Path
    part: Part = ""

    def __str__(self) -> str:
        return str(self.path) if not self.part else f"{self.path} ({self.part} half)"


@dataclass(frozen=True)
class Place:
    """One place at one time, and the images that show it; of a side there may be several, or none."""

    name: str
    """Unique in its split."""
    group: str
    """What must never be torn apart by a split: a sequence, a photograph, a location."""
    split: str
    """The split that the data set itself states; empty where it states none."""
    images: Mapping[str, tuple[ImageFile, ...]]
    """By side: a modality's name, or what the layout calls it (`A`, `input`)."""
    alone: bool = False
    """Whether it is there for streams of single images only, as the layout says: never a fault, never a pair."""


@dataclass(frozen=True)
class Catalogue:
    """All places of a data set, sorted by split and name, as its layout reads them."""

    root: Path
    layout: str
    places: Sequence[Place]
    strangers: Sequence[Path] = ()
    """Images below the root that are no part of the layout."""
    notes: Sequence[str] = ()
    """What a person should know: lists that name absent files, files passed over, and why."""
    sides: Sequence[str] = field(default=())
    """The sides there are, in the layout's order: usual source first."""

    @property
    def splits(self) -> list[str]:
        return sorted({place.split for place in self.places})
