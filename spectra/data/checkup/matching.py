"""Which images may show the same scene: corners that look alike, and vote for one displacement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectra.data.checkup.landmarks import BYTES, SCALE, Landmarks

Integers = NDArray[np.int64]

TABLES = 8
BITS = 30
NEXT = 4
"""A corner is compared with so many that follow it in each order."""
ALIKE = 0.8
"""The least cosine between the surroundings of two corners that may be the same."""
CELL = 6
"""Displacements are counted in squares of so many pixels."""
VOTES = 4
PARTNERS = 12
"""For each image, so many others at most with the most votes are looked at more closely."""
BLOCK = 1 << 15


@dataclass(frozen=True)
class Suspicion:
    """Two images, and where what the first shows at ``(y, x)`` lies in the second: at ``(y + dy, x + dx)``."""

    first: int
    second: int
    dy: float
    dx: float
    votes: int


def suspicions(images: Sequence[Landmarks]) -> list[Suspicion]:
    """Pairs of images that share at least a few corners at one displacement; the work grows as n log n."""
    counts = [len(image.places) for image in images]
    if not sum(counts):
        return []
    owners = np.repeat(np.arange(len(images)), counts)
    words = np.concatenate([image.words for image in images])
    places = np.concatenate([image.places.astype(np.int32) * image.factor for image in images])
    factors = np.repeat([image.factor for image in images], counts)
    matches = _matches(words, owners, factors)
    return _elected(owners[matches], places[matches[:, 1]] - places[matches[:, 0]], factors[matches[:, 0]])


def _matches(words: NDArray[np.int8], owners: Integers, factors: Integers) -> Integers:
    """Pairs of corners that look alike, of images that share enough of them, ``(n, 2)`` and sorted."""
    planes = np.rint(np.random.default_rng(0).standard_normal((TABLES, BYTES, BITS)) * 32).astype(np.float32)
    found: list[Integers] = []
    for table in planes:
        order = np.argsort(_keys(words, table), kind="stable")
        for step in range(1, NEXT + 1):
            near = np.stack([order[:-step], order[step:]], 1)
            near = near[(owners[near[:, 0]] != owners[near[:, 1]]) & (factors[near[:, 0]] == factors[near[:, 1]])]
            near = near[_alike(words, near)]
            found.append(near.min(1) * len(words) + near.max(1))
    matches = np.stack(np.divmod(np.unique(np.concatenate(found)), len(words)), 1)
    _, which, votes = np.unique(owners[matches] @ (owners[-1] + 1, 1), return_inverse=True, return_counts=True)
    return matches[votes[which] >= VOTES]


def _keys(words: NDArray[np.int8], planes: NDArray[np.float32]) -> Integers:
    """Which side of each random plane a word lies on, as one number: words that are alike sort near each other.

    Words and planes are whole numbers small enough for sums to be exact, on any machine.
    """
    keys = np.empty(len(words), np.int64)
    weights = 1 << np.arange(planes.shape[1], dtype=np.int64)[::-1]
    for start in range(0, len(words), BLOCK):
        part = words[start : start + BLOCK].astype(np.float32)
        keys[start : start + BLOCK] = (part @ planes > 0) @ weights
    return keys


def _alike(words: NDArray[np.int8], pairs: Integers) -> NDArray[np.bool_]:
    alike = np.empty(len(pairs), bool)
    for start in range(0, len(pairs), BLOCK):
        first, second = (words[pairs[start : start + BLOCK, end]].astype(np.float32) for end in (0, 1))
        alike[start : start + BLOCK] = np.einsum("nb,nb->n", first, second) > ALIKE * SCALE**2
    return alike


def _elected(images: Integers, moved: Integers, factors: Integers) -> list[Suspicion]:
    """For each pair of images the displacement with the most votes, where these are enough."""
    best: dict[tuple[int, int], Suspicion] = {}
    for half in ((0, 0), (0, 1), (1, 0), (1, 1)):
        for suspicion in _counted(images, moved, factors, np.asarray(half) * CELL // 2):
            pair = suspicion.first, suspicion.second
            if pair not in best or suspicion.votes > best[pair].votes:
                best[pair] = suspicion
    return _leading(sorted(best.values(), key=lambda one: (-one.votes, one.first, one.second)))


def _counted(images: Integers, moved: Integers, factors: Integers, offset: Integers) -> list[Suspicion]:
    """Votes in squares of a grid that is set off by so much."""
    cells = np.floor_divide(moved + offset * factors[:, None], CELL * factors[:, None])
    rows = np.concatenate([images, cells], 1)
    order = np.lexsort(rows.T[::-1])
    rows, moved = rows[order], moved[order]
    starts = np.flatnonzero(np.concatenate([[True], (rows[1:] != rows[:-1]).any(1)])) if len(rows) else np.zeros(0, int)
    votes = np.diff(np.append(starts, len(rows)))
    return [
        Suspicion(int(rows[start, 0]), int(rows[start, 1]), *_middle(moved[start : start + count]), int(count))
        for start, count in zip(starts, votes, strict=True)
        if count >= VOTES
    ]


def _middle(moved: Integers) -> tuple[float, float]:
    dy, dx = np.mean(moved, 0)
    return float(dy), float(dx)


def _leading(ordered: list[Suspicion]) -> list[Suspicion]:
    """The strongest, so that a long film of one scene does not ask for each frame against each."""
    partners: dict[int, int] = {}
    kept = []
    for one in ordered:
        if min(partners.get(one.first, 0), partners.get(one.second, 0)) < PARTNERS:
            kept.append(one)
            for image in (one.first, one.second):
                partners[image] = partners.get(image, 0) + 1
    return kept
