"""Pairs kept in memory up to a limit, for those who go through them more than once."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property

from torch import Tensor

from spectra.data.catalogue import Window
from spectra.data.pairs import Looking, Pair, PairSet, Picture, cut, look, sizes_of
from spectra.data.pictures import masked


class Remembered:
    """The first pairs asked for stay, as long as they fit; the others are read again each time.

    Pairs that change from epoch to epoch are not kept: they hardly come twice. Of a pair that stays, windows are cut
    from memory; of one too large to stay, no more than the window is read. Several threads may ask at once.
    """

    def __init__(self, pairs: PairSet, megabytes: int = 512) -> None:
        self.pairs = pairs
        self.left = megabytes * 2**20
        self.kept: dict[int, Pair] = {}
        self._guard = threading.Lock()
        self._pixel_bytes = 0.0
        """Of a pair seen before, for each pixel of it: how large a pair will be before it has been read."""

    @property
    def names(self) -> Sequence[str]:
        return self.pairs.names

    @cached_property
    def sizes(self) -> Sequence[tuple[int, int]]:
        return sizes_of(self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, place: int) -> Pair:
        return self.look(place)

    def __iter__(self) -> Iterator[Pair]:
        return (self[place] for place in range(len(self)))

    def size(self, place: int, epoch: int = 0) -> tuple[int, int]:
        if isinstance(self.pairs, Looking):
            return self.pairs.size(place, epoch)
        height, width = self.sizes[place] if self.sizes else self[place].source.pixels.shape[1:]
        return height, width

    def look(self, place: int, epoch: int = 0, window: Window | None = None) -> Pair:
        if getattr(self.pairs, "changing", isinstance(self.pairs, Looking)):
            return look(self.pairs, place, epoch, window)
        pair = self.kept.get(place)
        if pair is None and window is not None and not self._may_stay(place):
            pair = look(self.pairs, place, epoch, window)
            self._pixel_bytes = _bytes(pair) / (window.height * window.width)
            return pair
        if pair is None:
            pair = look(self.pairs, place, epoch)
            self._keep(place, pair)
        return pair if window is None else _cut(pair, window)

    def identity(self) -> str:
        return self.pairs.identity()

    def _may_stay(self, place: int) -> bool:
        """Where only reading it would tell the size, it is read as a whole anyway."""
        if not isinstance(self.pairs, Looking):
            return True
        height, width = self.pairs.size(place)
        return 0 < self._pixel_bytes * height * width <= self.left

    def _keep(self, place: int, pair: Pair) -> None:
        size = _bytes(pair)
        with self._guard:
            self._pixel_bytes = size / pair.source.pixels[0].numel()
            if size <= self.left and place not in self.kept:
                self.left -= size
                self.kept[place] = pair


def _bytes(pair: Pair) -> int:
    return sum(tensor.nbytes for picture in (pair.source, pair.target) for tensor in _tensors(picture))


def _tensors(picture: Picture) -> list[Tensor]:
    return [picture.pixels] if picture.valid is None else [picture.pixels, picture.valid]


def _cut(pair: Pair, window: Window) -> Pair:
    """As if only the window had been read: what has no data holds the mean of the window, not of the whole image."""
    part = cut(pair, window)
    return replace(part, source=_refilled(part.source), target=_refilled(part.target))


def _refilled(picture: Picture) -> Picture:
    return picture if picture.valid is None else masked(replace(picture, valid=None), picture.valid)
