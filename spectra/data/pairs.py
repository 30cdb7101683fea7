"""Pairs: one source image and one target image of the same place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from torch import Tensor

from spectra.data.catalogue import Window
from spectra.modalities import Scale


@dataclass(frozen=True)
class Picture:
    """One image in the unit interval of its scale, and what its file held."""

    pixels: Tensor
    """``(c, h, w)``, float32; 0 and 1 are the scale's limits, values outside are kept. Without data: the mean of the
    others."""
    scale: Scale
    """With limits: what 0 and 1 stand for."""
    dtype: str
    """The type in the file: ``uint8``, ``uint16`` or ``float32``."""
    valid: Tensor | None = None
    """``(h, w)``, true where there is data; None where there is everywhere."""

    @property
    def step(self) -> float | None:
        """The distance of two neighbouring integer levels in the unit interval; None for floats."""
        return None if self.dtype == "float32" else 1.0 / self.scale.span


@dataclass(frozen=True)
class Pair:
    name: str
    group: str
    source: Picture
    target: Picture

    @property
    def valid(self) -> Tensor | None:
        """Where both images have data; None where they have it everywhere."""
        masks = [picture.valid for picture in (self.source, self.target) if picture.valid is not None]
        return None if not masks else masks[0] if len(masks) == 1 else masks[0] & masks[1]


class PairSet(Protocol):
    """Pairs by place, read when they are asked for, the same each time."""

    @property
    def names(self) -> Sequence[str]: ...

    def __len__(self) -> int: ...

    def __getitem__(self, place: int) -> Pair: ...

    def __iter__(self) -> Iterator[Pair]: ...

    def identity(self) -> str:
        """A hash of all that the pairs are made of: files and their contents, or the seed of scenes."""


@runtime_checkable
class Measured(Protocol):
    """What a ``PairSet`` may offer besides: its sizes, so that a feed can refuse before the first step what it must."""

    @property
    def sizes(self) -> Sequence[tuple[int, int]]:
        """Height and width of each pair, known without reading the images."""


def sizes_of(pairs: PairSet) -> Sequence[tuple[int, int]]:
    """Height and width of each pair; empty where only reading the images would tell."""
    return pairs.sizes if isinstance(pairs, Measured) else ()


@runtime_checkable
class Looking(Protocol):
    """What a ``PairSet`` may offer besides: pairs that change from epoch to epoch, and windows read alone."""

    def size(self, place: int, epoch: int = 0) -> tuple[int, int]:
        """Height and width of the pair that `look` gives, from its header."""

    def look(self, place: int, epoch: int = 0, window: Window | None = None) -> Pair:
        """The pair of a place in an epoch, the same each time; only a window of it, where one is asked for."""


def look(pairs: PairSet, place: int, epoch: int = 0, window: Window | None = None) -> Pair:
    """A pair in an epoch, or a window of it; read whole and cut where the pairs know no better."""
    if isinstance(pairs, Looking):
        return pairs.look(place, epoch, window)
    pair = pairs[place]
    return pair if window is None else cut(pair, window)


def cut(pair: Pair, window: Window) -> Pair:
    """A window of both images."""
    rows, columns = slice(window.top, window.top + window.height), slice(window.left, window.left + window.width)
    source, target = (
        replace(
            picture,
            pixels=picture.pixels[:, rows, columns],
            valid=None if picture.valid is None else picture.valid[rows, columns],
        )
        for picture in (pair.source, pair.target)
    )
    return replace(pair, source=source, target=target)
