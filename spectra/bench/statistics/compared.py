"""One method of one folder against one of another, in one metric."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from spectra.bench.results.row import RowScore, alike
from spectra.bench.results.signatures import difference
from spectra.bench.statistics.folders import MethodScores
from spectra.bench.statistics.images import ImageScores
from spectra.bench.statistics.pairs import PairResult, corrected, paired
from spectra.bench.statistics.reach import drawn_flips

TEST = (
    "paired by the names of images, of each the mean over seeds; two-sided sign-flip test, flipped by group; "
    "Holm over all methods compared within a task and a metric whose scores differ anywhere"
)


@dataclass(frozen=True)
class Compared:
    """The difference is A minus B."""

    task: str
    metric: str
    a: str
    b: str
    mean_a: float | None
    mean_b: float | None
    unit: str
    better: str
    difference: float | None = None
    pair: PairResult | None = None
    """None where nothing could be tested."""
    only_a: int = 0
    """Images that only A has a score of."""
    only_b: int = 0
    reason: str = ""
    """Why there is no difference, or no test of it."""

    def described(self) -> dict[str, Any]:
        said = asdict(self)
        pair = said.pop("pair") or {}
        return said | {key: pair.get(key) for key in ("low", "high", "p", "p_holm", "n", "clusters", "test")}


Couple = tuple[tuple[str, str], MethodScores, MethodScores]
"""Two names, and what the two scored."""


def compared(
    task: str, metric: str, couples: Sequence[Couple], groups: Mapping[str, str], refused: str = ""
) -> Iterator[Compared]:
    """One metric of all couples that have it: their tests are one family. ``refused``: why none may be compared."""
    found = []
    for names, one, other in couples:
        if metric in one.scores and metric in other.scores:
            ours, theirs = one.scores[metric], other.scores[metric]
            row = Compared(task, metric, *names, ours.mean, theirs.mean, ours.unit, ours.better)
            why = refused or _unlike(ours, theirs)
            images = [side.images(metric, groups) for side in (one, other)]
            flips = drawn_flips(len(couples))
            found.append(replace(row, reason=why) if why else _tested(row, images[0], images[1], flips))
    tested = iter(corrected([row.pair for row in found if row.pair is not None]))
    yield from (row if row.pair is None else replace(row, pair=next(tested)) for row in found)


def _unlike(one: RowScore, other: RowScore) -> str:
    """Why two numbers must not be subtracted."""
    if not alike(one, other) or one.better != other.better:
        return f"the signatures differ: A has {difference(one, other).replace('the column', 'B')}"
    return "; ".join(f"{side}: {it.reason}" for side, it in (("A", one), ("B", other)) if it.mean is None)


def _tested(row: Compared, one: ImageScores, other: ImageScores, flips: int) -> Compared:
    if not (one.has_mean(row.mean_a) and other.has_mean(row.mean_b)):
        assert row.mean_a is not None and row.mean_b is not None
        return replace(row, difference=row.mean_a - row.mean_b, reason="a score of the whole set: no test")
    (pair,) = paired({"a": one, "b": other}, task=row.task, metric=row.metric, flips=flips)
    ours, theirs = (_scored(it) for it in (one, other))
    return replace(
        row,
        difference=pair.difference,
        pair=replace(pair, a=row.a, b=row.b),
        only_a=len(ours - theirs),
        only_b=len(theirs - ours),
        reason="" if pair.n else "no image has a score of both",
    )


def _scored(images: ImageScores) -> set[str]:
    values = images.mean().values[0]
    return {name for name, value in zip(images.names, values, strict=True) if value is not None}
