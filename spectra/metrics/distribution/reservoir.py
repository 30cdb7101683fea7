"""A bounded sample of images that does not depend on the order in which they come."""

from __future__ import annotations

from hashlib import blake2b
from typing import Self

from spectra.metrics.distribution.moments import Matrix, Row, stacked

Kept = tuple[int, str, Row, Row]
"""A key, the image's name, and the features of its prediction and its target."""


class Reservoir:
    """The images with the smallest keys of all that it has seen, at most ``limit``. The key is a hash of the name.

    The smallest of a union are among the smallest of its parts, so shards merge into what one would have held; and two
    methods that are judged by the same images keep the same ones.
    """

    def __init__(self, limit: int, seed: int = 0) -> None:
        self.limit, self.seed, self.seen = limit, seed, 0
        self._kept: list[Kept] = []

    def add(self, name: str, prediction: Row, target: Row) -> None:
        self.seen += 1
        self._take((_key(name, self.seed), name, prediction, target))

    def merge(self, other: Self) -> None:
        self.seen += other.seen
        for kept in list(other._kept):
            self._take(kept)

    def content(self) -> tuple[Matrix, Matrix]:
        """The features of predictions and of targets, by the names of their images."""
        self._drop()
        kept = sorted(self._kept, key=lambda it: it[1])
        return stacked([it[2] for it in kept]), stacked([it[3] for it in kept])

    def __len__(self) -> int:
        return min(len(self._kept), self.limit)

    def _take(self, kept: Kept) -> None:
        self._kept.append(kept)
        if len(self._kept) > self.limit + self.limit // 8 + 16:
            self._drop()

    def _drop(self) -> None:
        if len(self._kept) > self.limit:
            self._kept = sorted(self._kept, key=lambda it: it[:2])[: self.limit]


def _key(name: str, seed: int) -> int:
    digest = blake2b(name.encode(errors="surrogateescape"), digest_size=8, key=seed.to_bytes(8, "little"))
    return int.from_bytes(digest.digest(), "little")
