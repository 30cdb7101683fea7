"""Every two methods of a bench, compared on the same images."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from spectra.bench.statistics.differences import Differences, differences, side_by_side
from spectra.bench.statistics.flips import is_exact, p_values
from spectra.bench.statistics.holm import holm
from spectra.bench.statistics.images import ImageScores
from spectra.bench.statistics.reach import FLIPS, FLIPS_A_PAIR, level
from spectra.bench.statistics.resampling import intervals

TEST = (
    "paired, of each image the mean over seeds; two-sided sign-flip test, flipped by group; "
    "Holm over all pairs of methods within a task and a metric whose scores differ anywhere"
)
"""For `bench.json`: what was tested, and over which family it was corrected."""
FEWEST = 6
"""Groups that a difference can be shown with at all: two of the 32 flips of 5 are 6 %."""
SAME = "the same scores throughout: not counted by Holm"


@dataclass(frozen=True)
class PairResult:
    """``a`` minus ``b``, over the images that both have a score of."""

    task: str
    metric: str
    a: str
    b: str
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None
    n: int
    """Images that both have a score of."""
    clusters: int
    """Groups that these belong to."""
    left_out: int
    """Images that only one of them has a score of."""
    test: str

    def described(self) -> dict[str, Any]:
        """As `bench.json` has it."""
        return asdict(self)


def paired(
    scores: Mapping[str, ImageScores],
    *,
    task: str = "",
    metric: str = "",
    confidence: float = 0.95,
    resamples: int = 5000,
    flips: int = FLIPS,
    seed: int = 0,
) -> list[PairResult]:
    """Every two of ``scores``, in their order, with intervals, p values, and these corrected over all the pairs."""
    names = list(scores)
    table = side_by_side(list(scores.values()))
    scored = np.isfinite(table.values).sum(axis=1)
    flips = max(flips, FLIPS_A_PAIR * math.comb(len(names), 2))
    found = {}
    for alike in differences(table):
        each = zip(alike.couples, _numbers(alike, confidence, resamples, flips, seed), strict=True)
        for (one, other), numbers in each:
            left_out = int(scored[one] + scored[other]) - 2 * alike.images
            about = (alike.images, len(alike.starts), left_out, _told(alike, flips))
            found[one, other] = PairResult(task, metric, names[one], names[other], *numbers, None, *about)
    return corrected([found[couple] for couple in sorted(found)])


def corrected(results: Sequence[PairResult]) -> list[PairResult]:
    """With ``p_holm`` over all of them as one family, but for those whose p is 1 whatever is flipped.

    To leave these out costs no error: it is seen from the sizes of the differences, which flips do not change.
    """
    after = holm([None if level(it) else it.p for it in results])
    return [_same(it) if level(it) else replace(it, p_holm=p) for it, p in zip(results, after, strict=True)]


def _same(result: PairResult) -> PairResult:
    return replace(result, p_holm=result.p, test=result.test if SAME in result.test else f"{result.test}; {SAME}")


def _told(alike: Differences, flips: int) -> str:
    groups = len(alike.starts)
    if not groups:
        return "none: no image has a score of both"
    what = "image" if groups == alike.images else "group"
    tried = f"all {2**groups:,}" if is_exact(groups) else f"{flips:,} drawn"
    bound = f", of which no p is below {2 / 2**groups:.2g}" if groups < FEWEST else ""
    return f"sign flips of {groups} {what}{'s' * (groups > 1)}, {tried}{bound}"


Numbers = tuple[float | None, float | None, float | None, float | None]


def _numbers(alike: Differences, confidence: float, resamples: int, flips: int, seed: int) -> Iterator[Numbers]:
    """Of each couple the mean difference, its interval and its p."""
    if not alike.images:
        yield from [(None, None, None, None)] * len(alike.couples)
        return
    sums = alike.sums
    bounds = intervals(sums, alike.counts, confidence, resamples, seed)
    for values, (low, high), p in zip(alike.values, bounds, p_values(sums, flips, seed), strict=True):
        yield math.fsum(values) / alike.images, low, high, p
