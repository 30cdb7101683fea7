"""Random pairing: at every visit of a place, one image of each side is drawn."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np

from spectra.data.catalogue import Window
from spectra.data.pairs import Pair
from spectra.data.sets.listed_pairs import ListedPairs, Size
from spectra.data.sets.pairing import Files
from spectra.modalities import Task

CHANNEL = 0x70616972
"""Keeps these draws apart from others of the same seed."""


class DrawnPairs:
    """So many visits of each place. What is drawn is a function of seed, epoch and index; `[index]` is epoch 0.

    Each combination that `every` lists for a place is as likely as any other of that place.
    """

    changing = True

    def __init__(self, every: ListedPairs, visits: int, seed: int) -> None:
        """`every`: all combinations, those of one place side by side."""
        self.every, self.visits, self.seed = every, visits, seed
        places = [files.place for files in every.files]
        starts = [at for at, place in enumerate(places) if not at or places[at - 1] != place]
        self._spans = list(zip(starts, [*starts[1:], len(places)], strict=True))
        self._places = [places[start] for start in starts]

    def with_scales(self, task: Task) -> DrawnPairs:
        other = copy.copy(self)
        other.every = self.every.with_scales(task)
        return other

    @cached_property
    def names(self) -> Sequence[str]:
        """Of visits: the pair that is drawn has the name of its combination."""
        if self.visits == 1:
            return self._places
        return [f"{place}~visit{visit}" for place in self._places for visit in range(1, self.visits + 1)]

    @cached_property
    def sizes(self) -> Sequence[Size]:
        """Of each visit the smallest size that may be drawn: what has room in it has room in all others."""
        smallest = [min(self.every.sizes[start:stop], key=min) for start, stop in self._spans]
        return [size for size in smallest for _ in range(self.visits)]

    @property
    def files(self) -> Sequence[Files]:
        """Of everything that may be drawn."""
        return self.every.files

    @property
    def fingerprints(self) -> Sequence[str]:
        """Of everything that may be drawn."""
        return self.every.fingerprints

    def __len__(self) -> int:
        return len(self._spans) * self.visits

    def __getitem__(self, place: int) -> Pair:
        return self.look(place)

    def __iter__(self) -> Iterator[Pair]:
        return (self[place] for place in range(len(self)))

    def size(self, place: int, epoch: int = 0) -> Size:
        return self.every.sizes[self.drawn(place, epoch)]

    def look(self, place: int, epoch: int = 0, window: Window | None = None) -> Pair:
        return self.every.look(self.drawn(place, epoch), window=window)

    def drawn(self, place: int, epoch: int) -> int:
        """Which of all combinations comes at a visit."""
        if not 0 <= place < len(self):
            raise IndexError(place)
        start, stop = self._spans[place // self.visits]
        if stop == start + 1:
            return start
        return int(np.random.default_rng([self.seed, CHANNEL, epoch, place]).integers(start, stop))

    def identity(self) -> str:
        return f"random|visits:{self.visits}|seed:{self.seed}|{self.every.identity()}"
