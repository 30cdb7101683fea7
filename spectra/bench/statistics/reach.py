"""What a test could have shown at all: few images hold every p up, and a correction for many pairs all the more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from spectra.bench.statistics.holm import holm

FLIPS = 10_000
FLIPS_A_PAIR = 50
"""No fewer, or the smallest p there is would not outlast the correction for so many pairs."""
LEVEL = 0.05


class Tested(Protocol):
    """Two methods in one metric, as they come out of a test or out of `bench.json`."""

    @property
    def metric(self) -> str: ...
    @property
    def difference(self) -> float | None: ...
    @property
    def low(self) -> float | None: ...
    @property
    def high(self) -> float | None: ...
    @property
    def p(self) -> float | None: ...
    @property
    def n(self) -> int: ...
    @property
    def clusters(self) -> int | None: ...


def level(pair: Tested) -> bool:
    """Whether the two score the same on every image: no flip changes anything, and there is nothing to test."""
    return pair.difference == pair.low == pair.high == 0


def drawn_flips(pairs: int) -> int:
    """How many are drawn for a family of so many pairs, where there are too many to try all."""
    return max(FLIPS, FLIPS_A_PAIR * pairs)


def reach(pairs: Sequence[Tested]) -> list[float | None]:
    """For each pair of one family the smallest p after Holm that its images could have given, had all gone one way.

    None where nothing was tested. A pair of the same scores throughout is in no family, and stands for itself.
    """
    family = [pair for pair in pairs if pair.p is not None and not level(pair)]
    after = iter(holm([_smallest(pair, len(family)) for pair in family]))
    return [None if it.p is None else _smallest(it, 1) if level(it) else next(after) for it in pairs]


def _smallest(pair: Tested, family: int) -> float:
    """Of all flips of its groups two are as far out as can be; of drawn ones, the observed counts."""
    return max(2.0 ** (1 - _groups(pair)), 1 / (drawn_flips(family) + 1))


def _groups(pair: Tested) -> int:
    return pair.n if pair.clusters is None else pair.clusters


def remark(pairs: Sequence[Tested], limit: float = LEVEL) -> str:
    """What the family could not have shown, whatever its scores; empty where each of its pairs could be told apart."""
    family = [pair for pair in pairs if pair.p is not None and not level(pair)]
    least = [p for p in reach(family) if p is not None]
    lost = sum(p >= limit for p in least)
    if not lost:
        return ""
    if lost < len(family):
        return f"{lost} of {_counted(len(family), 'pair')} have too few images for a difference to be shown."
    most = max(family, key=_groups)
    what = "image" if _groups(most) == most.n else "group"
    after = " after Holm" if len(family) > 1 else ""
    return (
        f"{_counted(_groups(most), what)} and {_counted(len(family), 'pair')}: the smallest p{after} is "
        f"{min(least):.2g}; no difference can be shown with fewer than {_needed(len(family), limit)} {what}s."
    )


def remarks(pairs: Sequence[Tested], limit: float = LEVEL) -> Iterator[str]:
    """Of all pairs of one task, each metric a family: each remark once, and of which metrics it is said, if not of
    all."""
    metrics = list(dict.fromkeys(pair.metric for pair in pairs))
    found: dict[str, list[str]] = {}
    for metric in metrics:
        found.setdefault(remark([pair for pair in pairs if pair.metric == metric], limit), []).append(metric)
    for said, of in found.items():
        if said:
            yield said if of == metrics else f"{', '.join(of)}: {said}"


def _needed(family: int, limit: float) -> int:
    """The fewest groups with which so many pairs could show a difference."""
    groups = 1
    while family * 2.0 ** (1 - groups) >= limit:
        groups += 1
    return groups


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'s' * (number != 1)}"
