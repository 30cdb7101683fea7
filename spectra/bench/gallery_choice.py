"""Which test images a gallery shows: the worst, the median and the best of every method, by one metric."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from spectra.bench.samples import chosen
from spectra.metric import Better

What = Literal["worst", "median", "best"]
MOST = 12
"""Images of a task, in a bench."""
Values = Mapping[str, Sequence[float | None]]
"""For each method the score of every test image; None where there is none."""


@dataclass(frozen=True)
class Reason:
    """Why an image is shown."""

    method: str
    what: What
    value: float


@dataclass(frozen=True)
class Choice:
    """The place of an image in the test split, and all that speaks for it; nothing where no score could."""

    place: int
    reasons: tuple[Reason, ...]


def choose(values: Values, better: Better, floors: Collection[str] = (), most: int = MOST) -> list[Choice]:
    """At most so many places, the worst of each method first, so that none is left out for another's sake.

    Floors choose last, and only their worst. Where no image has a score, the places are spread evenly.
    """
    found = list(_reasons(values, better, floors))
    places = list(dict.fromkeys(place for place, _ in found))[:most]
    if not places:
        return [Choice(place, ()) for place in chosen(max((len(said) for said in values.values()), default=0), most)]
    return [Choice(place, tuple(reason for at, reason in found if at == place)) for place in places]


def _reasons(values: Values, better: Better, floors: Collection[str]) -> Iterator[tuple[int, Reason]]:
    """In the order in which they are heeded."""
    ranks = {method: _ranked(said, better) for method, said in values.items()}
    turns: list[tuple[What, bool]] = [("worst", False), ("median", False), ("best", False), ("worst", True)]
    for what, floor in turns:
        for method, ranked in ranks.items():
            if ranked and (method in floors) == floor:
                value, place = ranked[{"worst": 0, "median": len(ranked) // 2, "best": -1}[what]]
                yield place, Reason(method, what, value)


def _ranked(values: Sequence[float | None], better: Better) -> list[tuple[float, int]]:
    """Scores and places, the worst first; of equal scores the earlier image."""
    known = [(value, place) for place, value in enumerate(values) if value is not None and math.isfinite(value)]
    sign = 1 if better == "higher" else -1
    return sorted(known, key=lambda entry: (sign * entry[0], entry[1]))
