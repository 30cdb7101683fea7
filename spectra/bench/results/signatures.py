"""Scores of unlike signatures in one column: which is of another kind than the others, and in what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from spectra.bench.results.result import Result, scores_of
from spectra.bench.results.row import Row, RowScore, alike


def reference(result: Result, task: str, metric: str) -> RowScore | None:
    """The score that says what its column is: one of the largest company of our own that may be compared."""
    return next(iter(competing(scores_of(result, task, metric)).values()), None)


def competing(scores: Mapping[str, RowScore]) -> dict[str, RowScore]:
    """The largest company of scores that may be compared; of two as large, that of the first score."""
    scored = {name: score for name, score in scores.items() if score.mean is not None}
    leaders = [next(name for name, other in scored.items() if alike(score, other)) for score in scored.values()]
    if not leaders:
        return {}
    leader, _ = Counter(leaders).most_common(1)[0]
    return {name: score for name, score in scored.items() if alike(score, scored[leader])}


def foreign(row: Row, score: RowScore, column: RowScore | None) -> str:
    """What a reader must know before he compares this score with its column; empty where there is nothing."""
    parts = ["published"] if row.kind == "published" else []
    if column is None:
        parts.append(score.signature)
    elif not alike(score, column):
        parts.append(difference(score, column))
    return ", ".join(parts)


def difference(score: RowScore, column: RowScore) -> str:
    """The parts in which the two signatures differ, and no others; of one that has nothing in common, what it says."""
    own, others = _without(_parts(score), _parts(column)), _without(_parts(column), _parts(score))
    if not set(score.signature.split("|")) & set(column.signature.split("|")):
        return _listed(own)
    if not own:
        return f"without {_listed(others)}"
    return _listed(own) + (f" where the column has {_listed(others)}" if others else ", which the column has not")


def _parts(score: RowScore) -> list[str]:
    return [*score.signature.split("|"), f"unit:{score.unit or 'none'}"]


def _without(parts: Sequence[str], others: Sequence[str]) -> list[str]:
    """Each part that the others have not, or not as often."""
    left = Counter(others)
    found = []
    for part in parts:
        if left[part]:
            left[part] -= 1
        else:
            found.append(part)
    return found


def _listed(parts: Sequence[str]) -> str:
    return ", ".join(parts)
