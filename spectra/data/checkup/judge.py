"""From what was seen to what is to be said: pure functions, one a kind of finding."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from spectra.data.catalogue import Catalogue, ImageFile, Place
from spectra.data.checkup.finding import Finding, Kind
from spectra.data.checkup.seen import Seen
from spectra.data.not_finite import remedy
from spectra.modalities import CHANNELS, Scale

LISTED = 3
SMALLEST = 16
NO_IMAGES = ("labels", "label", "gt", "masks", "mask")
"""Sides of classes and masks: constant, colourless and duplicate images are no fault there."""


@dataclass(frozen=True)
class Examined:
    """A place, and what was seen of each of its images."""

    place: Place
    seen: Mapping[str, tuple[Seen, ...]] = field(default_factory=dict)
    faults: Sequence[tuple[str, ImageFile, str]] = ()
    """Side, file and reason of what could not be read."""

    @property
    def name(self) -> str:
        return name_of(self.place)

    def images(self) -> Iterator[tuple[str, Seen]]:
        return ((side, one) for side, several in self.seen.items() for one in several)


def name_of(place: Place) -> str:
    """Unique in the whole data set."""
    return f"{place.split}/{place.name}" if place.split else place.name


def of_catalogue(catalogue: Catalogue, sides: Sequence[str]) -> Iterator[Finding]:
    """What the files' names and places tell; `sides` are those that make the pairs."""
    yield from _missing(catalogue, sides)
    yield from _torn(catalogue)
    if catalogue.splits in ([], [""]):
        text = "The data set states no split. Write one by group: --write-split FILE."
        yield Finding(Kind.SPLIT, text)
    if catalogue.strangers:
        shown = ", ".join(repr(str(path)) for path in catalogue.strangers[:LISTED])
        text = (
            f"{len(catalogue.strangers)} image files are no part of the layout {catalogue.layout!r}, such as {shown}."
        )
        yield Finding(Kind.STRANGERS, text, details={"files": [str(path) for path in catalogue.strangers[:100]]})
    if others := [side for side in catalogue.sides if side not in sides]:
        yield Finding(Kind.NOTE, f"Not looked at, as they make no pairs of images: {', '.join(others)}.")
    for note in catalogue.notes:
        yield Finding(Kind.NOTE, note)


def of_images(examined: Iterable[Examined]) -> Iterator[Finding]:
    """What each image tells by itself, and beside its partner."""
    for one in examined:
        yield from _unreadable(one)
        yield from _empty(one)
        yield from _colourless(one)
        yield from _partners(one)


def of_sides(examined: Sequence[Examined]) -> Iterator[Finding]:
    """What sets some images of a side apart from most of them."""
    sides: dict[str, list[tuple[Examined, Seen]]] = defaultdict(list)
    for one in examined:
        for side, seen in one.images():
            sides[side].append((one, seen))
    for side, images in sides.items():
        yield from _odd(side, images, Kind.DEPTH, "depth", [seen.dtype for _, seen in images])
        yield from _odd(side, images, Kind.BANDS, "number of bands", [seen.channels for _, seen in images])
    by_sizes: dict[tuple[tuple[int, int], ...], list[str]] = defaultdict(list)
    for side, images in sides.items():
        by_sizes[tuple(sorted({seen.size for _, seen in images}))].append(side)
    for sizes, alike in by_sizes.items():
        if len(sizes) > 1:
            least, most = sizes[0], sizes[-1]
            told = f"from {least[1]}×{least[0]} to {most[1]}×{most[0]} pixels"
            text = f"The {', '.join(alike)} images have {len(sizes)} sizes, {told}: train with a crop or a resize."
            yield Finding(Kind.SIZES, text, side="/".join(alike))


def gathered(findings: Sequence[Finding], images: Mapping[str, int]) -> list[Finding]:
    """One finding where nearly all images of a side are without colour: it is how they were stored."""
    counts = Counter(it.side for it in findings if it.kind is Kind.COLOURLESS)
    whole = {side for side, count in counts.items() if count * 2 > images[side] > 1}
    kept = [it for it in findings if it.kind is not Kind.COLOURLESS or it.side not in whole]
    for side in sorted(whole):
        text = (
            f"{counts[side]} of {images[side]} {side} images have three channels and as good as no colour. Where the "
            "modality has one channel, one is read, if all three are equal."
        )
        kept.append(Finding(Kind.NOTE, text, side=side))
    return kept


def of_copies(examined: Sequence[Examined]) -> Iterator[Finding]:
    """Images of one side with the very same pixels: copies in a split, and leaks between splits."""
    owners: dict[tuple[str, str], list[Examined]] = defaultdict(list)
    for one in examined:
        for side, digest in {(side, seen.digest) for side, seen in one.images() if not seen.constant}:
            owners[side, digest].append(one)
    by_places: dict[tuple[str, ...], list[str]] = defaultdict(list)
    splits: dict[str, str] = {one.name: one.place.split for one in examined}
    for (side, _), same in owners.items():
        if len(same) > 1:
            by_places[tuple(sorted(one.name for one in same))].append(side)
    for places, sides in sorted(by_places.items()):
        across = len({splits[place] for place in places}) > 1
        what = f"{' and '.join(sorted(sides))} image{'s' * (len(sides) > 1)}"
        text = f"{len(places)} places have the very same {what}: {listed(places)}."
        kind = Kind.LEAK if across else Kind.DUPLICATE
        yield Finding(kind, text, places, "/".join(sorted(sides)), {"alike": "identical"}, weight=2.0)


def _missing(catalogue: Catalogue, sides: Sequence[str]) -> Iterator[Finding]:
    for side in sides:
        without = [place for place in catalogue.places if not place.alone and side not in place.images]
        if without:
            names = tuple(name_of(place) for place in without)
            have = "place has" if len(names) == 1 else "places have"
            text = f"{len(names)} {have} no {side} image: {listed(names)}."
            yield Finding(Kind.MISSING, text, names, side)


def paired_sides(catalogue: Catalogue, task: str = "") -> list[str]:
    """What a pair is made of: the sides of the layout's task, or else those with over half as many images as any."""
    for at in range(1, len(task)):
        if task[at] == "2" and {task[:at], task[at + 1 :]} <= set(catalogue.sides):
            return [task[:at], task[at + 1 :]]
    counts = Counter(side for place in catalogue.places if not place.alone for side in place.images)
    most = max(counts.values(), default=0)
    return [side for side in catalogue.sides if counts[side] * 2 > most and side.lower() not in NO_IMAGES]


def _torn(catalogue: Catalogue) -> Iterator[Finding]:
    splits: dict[str, set[str]] = defaultdict(set)
    members: dict[str, list[str]] = defaultdict(list)
    for place in catalogue.places:
        if not place.alone and place.group != place.name:
            splits[place.group].add(place.split)
            members[place.group].append(name_of(place))
    for group in sorted(splits):
        if len(splits[group]) > 1:
            told = " and ".join(sorted(splits[group]))
            text = f"The group {group!r} lies in the splits {told}: scores would be of scenes that were learned from."
            yield Finding(Kind.TORN, text, tuple(members[group]), weight=len(members[group]))


def _unreadable(one: Examined) -> Iterator[Finding]:
    for side, file, reason in one.faults:
        yield Finding(Kind.UNREADABLE, reason, (one.name,), side, {"file": str(file)})


def _empty(one: Examined) -> Iterator[Finding]:
    """Images in which there is little or nothing to be seen."""
    for side, seen in one.images():
        where = f"The {side} image of {one.name!r}"
        if seen.not_finite:
            what = f"{seen.not_finite} values that are NaN or infinite"
            text = f"{where} holds {what}. {remedy(Scale())}"
            yield Finding(Kind.VALUES, text, (one.name,), side, weight=seen.not_finite)
        if seen.constant:
            yield Finding(Kind.CONSTANT, f"{where} has the value {seen.low:g} everywhere.", (one.name,), side)
        elif seen.saturated:
            text = (
                f"{where} has {seen.saturated:.0%} of its pixels at an end of its range ({seen.low:g}..{seen.high:g})."
            )
            yield Finding(Kind.SATURATED, text, (one.name,), side, weight=seen.saturated)
        if min(seen.size) < SMALLEST:
            text = f"{where} has {seen.width}×{seen.height} pixels: too few for ssim, and for any network."
            yield Finding(Kind.SMALL, text, (one.name,), side)


def _colourless(one: Examined) -> Iterator[Finding]:
    for side, seen in one.images():
        if seen.colourless and CHANNELS.get(side, 3) > 1:
            where = f"The {side} image of {one.name!r}"
            text = f"{where} has three channels and as good as no colour ({seen.colour:.2%} of its range)."
            yield Finding(Kind.COLOURLESS, text, (one.name,), side, weight=1 - seen.colour)


def _partners(one: Examined) -> Iterator[Finding]:
    """One image beside the others of its place."""
    first: dict[str, Seen] = {side: several[0] for side, several in one.seen.items() if several}
    sizes = {side: seen.size for side, seen in first.items()}
    if len(set(sizes.values())) > 1:
        told = ", ".join(f"{side} {width}×{height}" for side, (height, width) in sizes.items())
        yield Finding(Kind.SIZE, f"The images of {one.name!r} differ in size: {told} pixels.", (one.name,))
    by_digest: dict[str, list[str]] = defaultdict(list)
    for side, seen in first.items():
        if not seen.constant:
            by_digest[seen.digest].append(side)
    for sides in by_digest.values():
        if len(sides) > 1:
            text = f"The {' and '.join(sides)} images of {one.name!r} are one and the same."
            yield Finding(Kind.SAME_SIDES, text, (one.name,), "/".join(sides))


def _odd(
    side: str, images: Sequence[tuple[Examined, Seen]], kind: Kind, what: str, values: Sequence[object]
) -> Iterator[Finding]:
    counts = Counter(values)
    if len(counts) < 2:
        return
    usual = counts.most_common(1)[0][0]
    odd = tuple(one.name for (one, _), value in zip(images, values, strict=True) if value != usual)
    told = ", ".join(f"{count} of {value}" for value, count in counts.most_common())
    text = f"The {side} images differ in {what}: {told}. The odd ones: {listed(odd)}."
    yield Finding(kind, text, odd, side)


def listed(names: Sequence[str]) -> str:
    more = f", ... ({len(names)} in all)" if len(names) > LISTED else ""
    return ", ".join(repr(name) for name in names[:LISTED]) + more
