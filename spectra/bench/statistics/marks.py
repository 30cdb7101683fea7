"""Which methods are best in a metric, and which cannot be told from the best."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from spectra.bench.statistics.pairs import PairResult
from spectra.bench.statistics.reach import LEVEL, reach


class Mark(NamedTuple):
    """``tied``: not the best, and not shown to differ from it by a test that could have shown it."""

    best: bool
    tied: bool


def marks(
    means: Mapping[str, float | None], better: str, pairs: Sequence[PairResult] = (), level: float = LEVEL
) -> dict[str, Mark]:
    """For each method of one task and metric; ``pairs`` are all of that family.

    Whoever has no test against the best, as in a metric of whole sets, is not tied, and neither is whoever has one that
    of so few images could not have told the two apart, however far. Published numbers do not belong in here: nobody has
    seen their images.
    """
    scored = {name: mean for name, mean in means.items() if mean is not None}
    top = (max if better == "higher" else min)(scored.values(), default=None)
    best = {name for name, mean in scored.items() if mean == top}
    able = [pair for pair, least in zip(pairs, reach(pairs), strict=True) if least is not None and least < level]
    same = {name for pair in able if pair.p_holm is None or pair.p_holm >= level for name in _beside(pair, best)}
    return {name: Mark(name in best, name in same and name in scored and name not in best) for name in means}


def comparable(signatures: Mapping[str, str]) -> list[str]:
    """The methods whose scores are of the commonest signature, on a draw of the first: only they are tested against
    each other and marked."""
    counts = Counter(signatures.values())
    common = max(counts, key=lambda signature: counts[signature], default=None)
    return [name for name, signature in signatures.items() if signature == common]


def _beside(pair: PairResult, best: set[str]) -> set[str]:
    """Who stands against a best one."""
    return {other for one, other in ((pair.a, pair.b), (pair.b, pair.a)) if one in best}
