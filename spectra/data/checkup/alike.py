"""Images that show the same: copies, near copies and overlapping crops of one photograph."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from spectra.data.checkup.gist import alike_gists, gist
from spectra.data.checkup.landmarks import Landmarks, grey, landmarks
from spectra.data.checkup.matching import suspicions
from spectra.data.checkup.thumbnail import Overlap, Thumbnail, overlap, thumbnail

SAME_FRAME = 0.94
"""Two images that share so much of their area are near copies; less is an overlap."""
LEAST_SHARE = 0.08
AGREE, AGREE_WELL = 0.45, 0.6
"""The least correlation of details for two images to show the same, where many corners say so, and where few do."""
MANY = 6


@dataclass(frozen=True)
class Alike:
    """Two images that show the same thing."""

    a: str
    b: str
    kind: Literal["identical", "near", "overlap"]
    offset: tuple[float, float]
    """What `a` shows at ``(y, x)``, `b` shows at ``(y + dy, x + dx)``; in pixels, and of `a` where the sizes differ and
    the whole images are the same."""
    share: float
    """The common part of the smaller image, from 0 to 1."""
    score: float
    """The correlation of the details of the common part: 1 for the same."""


@dataclass(frozen=True)
class Description:
    """What is kept of an image: some KB, whatever its size."""

    digest: bytes
    corners: Landmarks
    small: Thumbnail
    gist: NDArray[np.int8]


class AlikeSearch:
    """Images of one side, described one by one, and compared all at once in the end."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._described: list[Description] = []

    @staticmethod
    def describe(image: NDArray[Any]) -> Description:
        """Of an ``(h, w)`` or ``(h, w, c)`` image of any type; NaN marks pixels without data. Threads may share it."""
        plane, factor = grey(image)
        small = thumbnail(plane, image.shape[0], image.shape[1])
        return Description(_digest(image), landmarks(plane, factor), small, gist(plane))

    def add(self, name: str, described: Description) -> None:
        """A name that no other image has."""
        self._names.append(name)
        self._described.append(described)

    def found(self) -> list[Alike]:
        """All in the order of the images, the same each time.

        Of three and more copies each is told beside the first; of a long film of one scene each frame beside a few
        others, so that they hang together.
        """
        first_of: dict[bytes, int] = {}
        for place, image in enumerate(self._described):
            first_of.setdefault(image.digest, place)
        found = {
            (first_of[image.digest], place): ("identical", Overlap(0.0, 0.0, 1.0, 1.0, 1.0))
            for place, image in enumerate(self._described)
            if first_of[image.digest] != place
        }
        for pair, common in self._shared(list(first_of.values())):
            found[pair] = ("near" if common.whole >= SAME_FRAME else "overlap", common)
        return [self._told(pair, *found[pair]) for pair in sorted(found)]

    def _shared(self, places: list[int]) -> Iterator[tuple[tuple[int, int], Overlap]]:
        """Places of distinct images that show the same, looked at more closely where they may."""
        images = [self._described[place] for place in places]
        seen = set()
        for one in suspicions([image.corners for image in images]):
            common = overlap(images[one.first].small, images[one.second].small, one.dy, one.dx)
            least = AGREE if one.votes >= MANY else AGREE_WELL
            if common is not None and common.score >= least and common.share >= LEAST_SHARE:
                seen.add((one.first, one.second))
                yield (places[one.first], places[one.second]), common
        for first, second in alike_gists([image.gist for image in images]):
            if (first, second) not in seen:
                common = overlap(images[first].small, images[second].small, 0, 0, stretch=True)
                if common is not None and common.score >= AGREE_WELL:
                    yield (places[first], places[second]), common

    def _told(self, pair: tuple[int, int], kind: Any, common: Overlap) -> Alike:
        a, b = (self._names[place] for place in pair)
        return Alike(a, b, kind, (common.dy, common.dx), common.share, common.score)


def find_alike(images: Iterable[tuple[str, NDArray[Any]]]) -> list[Alike]:
    """Name and pixels of each image of one side; only some KB an image are kept at a time."""
    search = AlikeSearch()
    for name, image in images:
        search.add(name, search.describe(image))
    return search.found()


def grouped(alike: Iterable[Alike]) -> list[list[str]]:
    """The names of images that hang together, directly or through others; each group and all of them sorted."""
    group: dict[str, list[str]] = {}
    for one in alike:
        mine, other = group.setdefault(one.a, [one.a]), group.setdefault(one.b, [one.b])
        if mine is not other:
            mine.extend(other)
            group.update(dict.fromkeys(other, mine))
    return sorted(sorted(names) for names in {id(names): names for names in group.values()}.values())


def _digest(image: NDArray[Any]) -> bytes:
    told = hashlib.blake2b(f"{image.dtype.str} {image.shape} ".encode(), digest_size=16)
    told.update(np.ascontiguousarray(image).data)
    return told.digest()
