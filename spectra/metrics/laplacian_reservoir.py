"""A bounded sample of patches that does not depend on the order in which images come."""

from __future__ import annotations

from typing import Self

import numpy as np

from spectra.metrics.laplacian_patches import Descriptors, Keys


class Reservoir:
    """The patches with the smallest keys of all that it has seen, at most ``limit``, each with its counterpart.

    The smallest of a union are among the smallest of its parts, so shards merge into what one would have held.
    """

    def __init__(self, limit: int) -> None:
        self.limit, self.images, self.seen = limit, 0, 0
        self._parts: list[tuple[Keys, Descriptors, Descriptors]] = []
        self._highest: int | None = None
        """The largest key held, once it is full: what lies above can never be needed."""

    def add(self, keys: Keys, prediction: Descriptors, target: Descriptors) -> None:
        """The patches of one image."""
        self.images += 1
        self.seen += len(keys)
        self._take(keys, prediction, target)

    def merge(self, other: Self) -> None:
        self.images += other.images
        self.seen += other.seen
        for part in list(other._parts):
            self._take(*part)

    def content(self) -> tuple[Descriptors, Descriptors]:
        """The patches of the predictions and those of the targets, in the order of their keys."""
        self._settle()
        _, prediction, target = self._parts[0]
        return prediction, target

    def _take(self, keys: Keys, prediction: Descriptors, target: Descriptors) -> None:
        if self._highest is not None:
            low = keys < np.uint64(self._highest)
            if not low.any():
                return
            keys, prediction, target = keys[low], prediction[low], target[low]
        self._parts.append((keys, prediction, target))
        if sum(len(part[0]) for part in self._parts) >= self.limit + max(self.limit // 4, 1024):
            self._settle()

    def _settle(self) -> None:
        """Make one part of all, sorted, and drop what is too many."""
        if len(self._parts) == 1 and self._sorted():
            return
        keys = np.concatenate([part[0] for part in self._parts])
        order = np.argsort(keys, kind="stable")[: self.limit]
        prediction, target = (np.concatenate([part[side] for part in self._parts])[order] for side in (1, 2))
        self._parts = [(keys[order], prediction, target)]
        if len(order) == self.limit:
            self._highest = int(keys[order[-1]])

    def _sorted(self) -> bool:
        keys = self._parts[0][0]
        return len(keys) <= self.limit and bool((keys[:-1] <= keys[1:]).all())
