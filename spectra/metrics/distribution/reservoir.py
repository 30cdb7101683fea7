"""A bounded sample of images that does not depend on the order in which they come."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from spectra.metrics.distribution.moments import Row

Kept = tuple[int, str, int]
"""A key, the image's name, and where the features of its prediction and its target are."""
SLACK = 64
"""Images beyond the limit before they are sorted."""
TOGETHER = 64
"""Images of a block."""


class Reservoir:
    """The images with the smallest keys of all that it has seen, at most ``limit``. The key is a hash of the name.

    The smallest of a union are among the smallest of its parts, so shards merge into what one would have held; and two
    methods that are judged by the same images keep the same ones.
    """

    def __init__(self, limit: int, seed: int = 0) -> None:
        self.limit, self.seed, self.seen = limit, seed, 0
        self._kept: list[Kept] = []
        self._rows = Slots()
        self._last: tuple[int, str] | None = None
        """What sorts behind this cannot be among the smallest any more."""

    def add(self, name: str, prediction: Row, target: Row) -> None:
        self.seen += 1
        self._take(_key(name, self.seed), name, prediction, target)

    def merge(self, other: Self) -> None:
        self.seen += other.seen
        for key, name, slot in list(other._kept):
            self._take(key, name, *other._rows[slot])

    def content(self) -> tuple[list[Row], list[Row]]:
        """The features of predictions and of targets, by the names of their images."""
        self._drop()
        pairs = [self._rows[slot] for _, _, slot in sorted(self._kept, key=lambda it: it[1])]
        return [prediction for prediction, _ in pairs], [target for _, target in pairs]

    def __len__(self) -> int:
        return min(len(self._kept), self.limit)

    def _take(self, key: int, name: str, prediction: Row, target: Row) -> None:
        if self._last is not None and (key, name) >= self._last:
            return
        self._kept.append((key, name, self._rows.put(prediction, target)))
        if len(self._kept) > self.limit + SLACK:
            self._drop()

    def _drop(self) -> None:
        if len(self._kept) > self.limit:
            self._kept.sort()
            for _, _, slot in self._kept[self.limit :]:
                self._rows.free(slot)
            del self._kept[self.limit :]
            self._last = self._kept[-1][:2]


class Slots:
    """Rows by number, in blocks of memory: as arrays of their own, a quarter more would be lost between them."""

    def __init__(self) -> None:
        self.blocks: list[NDArray[Any]] = []
        self._free: list[int] = []

    @property
    def nbytes(self) -> int:
        return sum(block.nbytes for block in self.blocks)

    def put(self, prediction: Row, target: Row) -> int:
        if not self._free:
            start = len(self.blocks) * TOGETHER
            self.blocks.append(np.empty((TOGETHER, 2, len(target)), target.dtype))
            self._free = list(range(start + TOGETHER - 1, start - 1, -1))
        slot = self._free.pop()
        self[slot][:] = prediction, target
        return slot

    def free(self, slot: int) -> None:
        self._free.append(slot)

    def __getitem__(self, slot: int) -> NDArray[Any]:
        """The row of the prediction, and that of the target."""
        found: NDArray[Any] = self.blocks[slot // TOGETHER][slot % TOGETHER]
        return found


def _key(name: str, seed: int) -> int:
    digest = blake2b(name.encode(errors="surrogateescape"), digest_size=8, key=seed.to_bytes(8, "little"))
    return int.from_bytes(digest.digest(), "little")
