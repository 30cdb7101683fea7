"""Which image goes with which: by the name of the place, or, where a place has several of a side, by combination."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from spectra.data.catalogue import ImageFile, Place
from spectra.errors import DataError
from spectra.modalities import CHANNELS

LISTED = 5
Sides = tuple[str, str]


@dataclass(frozen=True)
class Files:
    """The files of a pair."""

    name: str
    group: str
    source: ImageFile
    target: ImageFile
    mask: ImageFile | None = None
    place: str = ""
    """The name of the place, which several pairs may share."""


@dataclass(frozen=True)
class Combination:
    """One image of each side, by their numbers at the place."""

    source: int
    target: int


def combinations(place: Place, sides: Sides) -> list[Combination]:
    """Which images of a place may be a pair.

    Those of one acquisition, whose stems are the same but for the word of a modality, go only with each other; the
    others of both sides in every combination.
    """
    sources, targets = ([acquisition(file, side) for file in place.images[side]] for side in sides)
    shared = set(sources) & set(targets)
    return [
        Combination(source, target)
        for (source, one), (target, other) in product(enumerate(sources), enumerate(targets))
        if one == other or (one not in shared and other not in shared)
    ]


def acquisition(file: ImageFile, side: str) -> str:
    """The stem without words of modalities: `2019_rgb_3` and `2019_ir_3` are one acquisition."""
    words = "|".join(map(re.escape, sorted({side.casefold(), *CHANNELS}, key=len, reverse=True)))
    rest = re.sub(rf"(?<![a-z])(?:{words})(?![a-z])", " ", file.path.stem.casefold())
    return " ".join(re.findall(r"[^\W_]+", rest))


def by_name(places: Sequence[Place], sides: Sides, mask: str | None = None) -> list[Files]:
    """One pair a place. Images that stand alone, and places with several of a side, are faults."""
    _refuse_lonely(places, sides)
    _refuse_several(places, sides)
    return _with_masks([(place, place.name, Combination(0, 0)) for place in complete(places, sides)], sides, mask)


def by_combination(places: Sequence[Place], sides: Sides, mask: str | None = None) -> list[Files]:
    """Every combination of a place a pair of its own, those of one place side by side."""
    _refuse_lonely(places, sides)
    named = [
        (place, place.name if len(found) == 1 else f"{place.name}~{it.source + 1}-{it.target + 1}", it)
        for place in complete(places, sides)
        for found in [combinations(place, sides)]
        for it in found
    ]
    _refuse_equal([name for _, name, _ in named])
    return _with_masks(named, sides, mask)


def complete(places: Sequence[Place], sides: Sides) -> list[Place]:
    """The places that can give a pair."""
    return [place for place in places if not place.alone and all(place.images.get(side) for side in sides)]


def left_out(places: Sequence[Place], sides: Sides) -> int:
    """How many images of complete places are in no combination, as only one side has others of their acquisition."""
    count = 0
    for place in complete(places, sides):
        found = combinations(place, sides)
        count += len(place.images[sides[0]]) - len({it.source for it in found})
        count += len(place.images[sides[1]]) - len({it.target for it in found})
    return count


def _refuse_lonely(places: Sequence[Place], sides: Sides) -> None:
    faults = []
    for side, other in (sides, sides[::-1]):
        names = sorted({p.name for p in places if not p.alone and p.images.get(side) and not p.images.get(other)})
        if names:
            split = f" of the split {places[0].split!r}" if places[0].split else ""
            faults.append(f"{len(names)} in {side!r}{split} without a partner in {other!r}: {listed(names)}")
    if faults:
        raise DataError(
            "Images are paired by name, and some stand alone. Remove them or add what is missing; to let them be, set "
            "`data.unpaired: true`.\n" + "\n".join(faults)
        )


def _refuse_several(places: Sequence[Place], sides: Sides) -> None:
    faults = [
        f"Two images of {side!r} have the name {place.name!r}: {', '.join(repr(f.path.name) for f in files[:LISTED])}"
        if len(files) == 2
        else f"{len(files)} images of {side!r} have the name {place.name!r}, the first {str(files[0].path)!r}"
        for place in complete(places, sides)
        for side in sides
        for files in [place.images[side]]
        if len(files) > 1
    ]
    if faults:
        raise DataError(
            "Pairing by name needs one image of each side at a place. Where several of one place belong together, set "
            "`data.pairing` to `random` or `all`; else rename or remove some:\n" + "\n".join(many(faults))
        )


def _refuse_equal(names: Sequence[str]) -> None:
    known: set[str] = set()
    for name in names:
        if name in known:
            raise DataError(f"Two pairs would have the name {name!r}: rename the place of that name.")
        known.add(name)


def _with_masks(named: Sequence[tuple[Place, str, Combination]], sides: Sides, side: str | None) -> list[Files]:
    found, missing = [], []
    for place, name, it in named:
        source, target = place.images[sides[0]][it.source], place.images[sides[1]][it.target]
        mask = None
        if side is not None:
            masks = list(_masks(place, side, {(source, sides[0]), (target, sides[1])}))
            if len(masks) != 1:
                missing.append(name)
            else:
                mask = masks[0]
        found.append(Files(name, place.group, source, target, mask, place.name))
    if missing:
        raise DataError(
            f"{len(missing)} pairs have not exactly one mask in {side!r}: {listed(missing)}. Add or remove masks, or "
            "leave `data.mask` out."
        )
    return found


def _masks(place: Place, side: str, images: set[tuple[ImageFile, str]]) -> Iterator[ImageFile]:
    """The mask of a place; where it has several, those of the same acquisition as one of the images."""
    masks = place.images.get(side, ())
    if len(masks) < 2:
        yield from masks
        return
    keys = {acquisition(file, word) for file, word in images}
    yield from (mask for mask in masks if acquisition(mask, side) in keys)


def listed(names: Sequence[str]) -> str:
    more = f", ... ({len(names)} in all)" if len(names) > LISTED else ""
    return ", ".join(repr(name) for name in names[:LISTED]) + more


def many(faults: Sequence[str]) -> list[str]:
    """The first faults, and how many there are besides."""
    return [*faults[:LISTED], *([f"... and {len(faults) - LISTED} more."] if len(faults) > LISTED else [])]
