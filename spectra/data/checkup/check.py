"""The doctor for pairs: looks at every image of a data set once, and says what is wrong. Nothing is changed."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectra.data.catalogue import Catalogue, Place
from spectra.data.checkup import judge
from spectra.data.checkup.alike import Alike, AlikeSearch
from spectra.data.checkup.finding import Finding, Kind, Level
from spectra.data.checkup.judge import Examined, listed, name_of, paired_sides
from spectra.data.checkup.seen import Seen, looked_at
from spectra.data.checkup.shift import CommonShift, Shift, estimate_shift
from spectra.data.reader import Reader
from spectra.data.recognise import read_catalogue
from spectra.errors import DataError, SpectraError
from spectra.registry import registry

Told = Callable[[str, int, int], None]
THREADS = 2
SURE = 0.9
"""From this confidence on an estimated shift counts."""


@dataclass(frozen=True)
class SideFacts:
    """One side of the data set in a few words."""

    images: int
    sizes: Mapping[str, int]
    dtypes: Mapping[str, int]
    bands: Mapping[str, int]
    low: float
    high: float


@dataclass(frozen=True)
class Checked:
    """All that the doctor found."""

    root: Path
    layout: str
    splits: Mapping[str, int]
    sides: Mapping[str, SideFacts]
    findings: Sequence[Finding]
    groups: Sequence[Sequence[str]]
    """Places that belong together, of two and more: by the layout, or because they show the same scene."""
    offsets: Mapping[str, tuple[float, float]]
    """By side: how far all its images together lie from the first side's, in rows and columns."""
    catalogue: Catalogue

    @property
    def faults(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.level is Level.FAULT]

    def of(self, kind: Kind) -> list[Finding]:
        return [finding for finding in self.findings if finding.kind is kind]

    def grouped(self) -> Catalogue:
        """The places with these groups, by which a clean split is made."""
        group_of = {name: group[0] for group in self.groups for name in group}
        places = [replace(place, group=group_of.get(name_of(place), name_of(place))) for place in self.catalogue.places]
        return replace(self.catalogue, places=places)

    def as_json(self) -> dict[str, Any]:
        return {
            "root": str(self.root),
            "layout": self.layout,
            "splits": dict(self.splits),
            "sides": {side: vars(facts) for side, facts in self.sides.items()},
            "offsets": {side: list(offset) for side, offset in self.offsets.items()},
            "findings": [
                {
                    "kind": str(it.kind),
                    "level": str(it.level),
                    "text": it.text,
                    "side": it.side,
                    "places": list(it.places),
                    **dict(it.details),
                }
                for it in self.findings
            ],
            "groups": [list(group) for group in self.groups],
        }


def check(root: Path, layout: str | None = None, told: Told = lambda what, done, total: None) -> Checked:
    """Examine the data set below `root`, in whatever layout it lies."""
    catalogue = read_catalogue(root, layout)
    if not catalogue.places:
        raise DataError(f"{str(root)!r} holds no image in the layout {catalogue.layout!r}.")
    look = _Look(catalogue)
    examined = look.at_all(told)
    told("compare the images with each other", 0, 1)
    alike = look.alike.found()
    told("compare the images with each other", 1, 1)
    findings = [
        *judge.of_catalogue(catalogue, look.sides),
        *judge.of_images(examined),
        *judge.of_sides(examined),
        *judge.of_copies(examined),
        *_of_alike(alike, {one.name: one.place.split for one in examined}, look.main_side),
        *look.of_shifts(),
    ]
    facts = {side: _facts(side, examined) for side in look.sides}
    findings = judge.gathered(findings, {side: it.images for side, it in facts.items()})
    order = list(Kind)
    findings.sort(key=lambda it: (order.index(it.kind), -it.weight, it.places))
    return Checked(
        root,
        catalogue.layout,
        Counter(place.split for place in catalogue.places if not place.alone),
        facts,
        findings,
        _groups(catalogue, findings),
        look.offsets(),
        catalogue,
    )


class _Look:
    """One pass over all images, a few places at a time; what is kept of an image does not grow with its size."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue, self.reader = catalogue, Reader()
        self.sides = paired_sides(catalogue, registry("layouts").get(catalogue.layout).task)
        self.main_side = "rgb" if "rgb" in self.sides else next(iter(self.sides), "")
        self.alike = AlikeSearch()
        self.shifted: dict[str, list[tuple[str, float, float, float]]] = defaultdict(list)
        self.sums: dict[str, CommonShift] = defaultdict(CommonShift)

    def at_all(self, told: Told) -> list[Examined]:
        places = self.catalogue.places
        examined: list[Examined] = []
        waiting: deque[Future[tuple[Examined, Any]]] = deque()
        with ThreadPoolExecutor(THREADS, "spectra-check") as pool:
            for place in places:
                waiting.append(pool.submit(self._at, place))
                if len(waiting) > 2 * THREADS:
                    examined.append(self._settled(waiting.popleft().result()))
                    told("look at the images", len(examined), len(places))
            while waiting:
                examined.append(self._settled(waiting.popleft().result()))
                told("look at the images", len(examined), len(places))
        return examined

    def _at(self, place: Place) -> tuple[Examined, Any]:
        """Decode and judge the images of one place, in a thread of its own."""
        seen: dict[str, tuple[Seen, ...]] = {}
        faults = []
        arrays: dict[str, NDArray[Any]] = {}
        for side in self.sides:
            several = []
            for file in place.images.get(side, ()):
                try:
                    image = self.reader.array(file)
                except SpectraError as why:
                    faults.append((side, file, str(why)))
                    continue
                several.append(looked_at(file, image))
                arrays.setdefault(side, image)
            if several:
                seen[side] = tuple(several)
        described = self.alike.describe(arrays[self.main_side]) if self.main_side in arrays else None
        return Examined(place, seen, tuple(faults)), (described, self._shifts_of(arrays, seen))

    def _shifts_of(
        self, arrays: Mapping[str, NDArray[Any]], seen: Mapping[str, Sequence[Seen]]
    ) -> dict[str, Shift | None]:
        """Of each further side against the first, where both have one size and something to be seen in them."""
        first, *others = [side for side in self.sides if side in arrays and not seen[side][0].constant] or [""]
        return {
            side: estimate_shift(arrays[first], arrays[side])
            for side in others
            if arrays[side].shape[:2] == arrays[first].shape[:2] and seen[side][0].digest != seen[first][0].digest
        }

    def _settled(self, result: tuple[Examined, Any]) -> Examined:
        """Take in what one thread found; in the order of the places, so that all is the same each time."""
        examined, (described, shifts) = result
        if described is not None:
            self.alike.add(examined.name, described)
        for side, shift in shifts.items():
            self.sums[side].add(shift)
            if shift is not None and shift.beyond():
                self.shifted[side].append((examined.name, shift.dy, shift.dx, shift.confidence))
        return examined

    def offsets(self) -> dict[str, tuple[float, float]]:
        found = {side: total.result() for side, total in self.sums.items()}
        return {
            side: (shift.dy, shift.dx)
            for side, shift in found.items()
            if shift is not None and shift.confidence >= SURE
        }

    def of_shifts(self) -> Iterator[Finding]:
        first = self.sides[0] if self.sides else ""
        for side, total in self.sums.items():
            common = total.result()
            if common is not None and total.pairs > 1 and common.beyond():
                text = f"All {side} images together lie {_told(common.dy, common.dx)} from the {first} images."
                yield Finding(Kind.OFFSET, text, side=side, details={"rows": common.dy, "columns": common.dx})
        for side, shifted in self.shifted.items():
            for name, dy, dx, confidence in shifted:
                text = f"The {side} image of {name!r} lies {_told(dy, dx)} from the {first} image."
                details = {"rows": dy, "columns": dx, "confidence": confidence}
                yield Finding(Kind.SHIFTED, text, (name,), side, details, float(np.hypot(dy, dx)))


def _told(dy: float, dx: float) -> str:
    down, right = ("up" if dy < 0 else "down"), ("left" if dx < 0 else "right")
    return f"{abs(dy):.1f} px {down} and {abs(dx):.1f} px {right}"


def _of_alike(alike: Iterable[Alike], splits: Mapping[str, str], side: str) -> Iterator[Finding]:
    """Pairs of images that show the same scene; identical ones are told by their digests."""
    kinds = {"near": Kind.NEAR, "overlap": Kind.OVERLAP}
    for it in alike:
        if it.kind == "identical":
            continue
        leak = splits[it.a] != splits[it.b]
        dy, dx = it.offset
        what = "are nearly the same" if it.kind == "near" else f"overlap by {it.share:.0%}, {_told(dy, dx)}"
        text = f"The {side} images of {it.a!r} and {it.b!r} {what} (agreement {it.score:.2f})."
        details = {"alike": it.kind, "rows": dy, "columns": dx, "share": it.share, "score": it.score}
        yield Finding(Kind.LEAK if leak else kinds[it.kind], text, (it.a, it.b), side, details, it.share)


def _groups(catalogue: Catalogue, findings: Sequence[Finding]) -> list[list[str]]:
    """What must stay together: the layout's groups, joined where images of two of them show the same scene."""
    parent = {name_of(place): name_of(place) for place in catalogue.places if not place.alone}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    by_group: dict[str, list[str]] = defaultdict(list)
    for place in catalogue.places:
        if not place.alone and place.group != place.name:  # one that is its own group may have a namesake elsewhere
            by_group[place.group].append(name_of(place))
    same_scene = {Kind.DUPLICATE, Kind.NEAR, Kind.OVERLAP, Kind.LEAK}
    joined = [*by_group.values(), *(finding.places for finding in findings if finding.kind in same_scene)]
    for names in joined:
        known = [name for name in names if name in parent]
        for other in known[1:]:
            parent[root(other)] = root(known[0])
    together: dict[str, list[str]] = defaultdict(list)
    for name in parent:
        together[root(name)].append(name)
    return sorted(sorted(names) for names in together.values() if len(names) > 1)


def _facts(side: str, examined: Sequence[Examined]) -> SideFacts:
    seen = [one for it in examined for one in it.seen.get(side, ())]
    return SideFacts(
        len(seen),
        _counted(f"{one.width}×{one.height}" for one in seen),
        _counted(one.dtype for one in seen),
        _counted(str(one.channels) for one in seen),
        min((one.low for one in seen), default=0.0),
        max((one.high for one in seen), default=0.0),
    )


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(Counter(values).most_common())


__all__ = ["Checked", "SideFacts", "check", "listed"]
