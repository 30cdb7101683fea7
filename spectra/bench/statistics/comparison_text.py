"""A comparison of two benches, for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from spectra.bench.results.display import one_line, padded, room
from spectra.bench.statistics.reach import LEVEL, level

if TYPE_CHECKING:
    from spectra.bench.compare import Comparison
    from spectra.bench.statistics.compared import Compared

HEADER = ("method", "metric", "A", "B", "A − B [95 % interval]", "p", "p (Holm)", "better", "images")
ARROWS = {"higher": "↑", "lower": "↓"}


def comparison_text(found: Comparison) -> str:
    """One table a task, then all that was not compared and why."""
    lines = [f"A: {one_line(str(found.a.path))}", f"B: {one_line(str(found.b.path))}"]
    for task in dict.fromkeys(row.task for row in found.rows):
        rows = [row for row in found.rows if row.task == task and row.difference is not None]
        if rows:
            lines += ["", one_line(task), *_aligned([HEADER, *(_cells(row) for row in rows)])]
    notes = [*_refused(found), *_whole(found), *_same(found), *found.notes]
    return "\n".join([*lines, *([""] if notes else []), *(f"Note: {one_line(note)}" for note in notes)])


def _cells(row: Compared) -> tuple[str, ...]:
    pair = row.pair
    name = row.a if row.a == row.b else f"{row.a} = {row.b}"
    interval = "" if pair is None or pair.low is None else f" [{pair.low:+.4g}, {pair.high:+.4g}]"
    p_values = ["–" if p is None else f"{p:.4f}" for p in ((None, None) if pair is None else (pair.p, pair.p_holm))]
    return (
        one_line(name),
        f"{row.metric} {ARROWS[row.better]} {row.unit}".rstrip(),
        f"{row.mean_a:.4g}",
        f"{row.mean_b:.4g}",
        f"{row.difference:+.4g}{interval}",
        *p_values,
        _better(row),
        _images(row),
    )


def _better(row: Compared) -> str:
    """Who is better, as far as that was shown."""
    if row.pair is None or row.pair.p_holm is None:
        return "not tested"
    if level(row.pair):
        return "the same"
    if row.pair.p_holm >= LEVEL or not row.difference:
        return "not shown"
    return "A" if (row.difference > 0) == (row.better == "higher") else "B"


def _images(row: Compared) -> str:
    """How many were compared, of how many groups, and how many only one of the two has a score of."""
    if row.pair is None:
        return ""
    groups = "" if row.pair.clusters == row.pair.n else f" of {row.pair.clusters} groups"
    alone = [f"{count} only in {side}" for side, count in (("A", row.only_a), ("B", row.only_b)) if count]
    return f"{row.pair.n}{groups}" + (f"; {', '.join(alone)}" if alone else "")


def _refused(found: Comparison) -> list[str]:
    """One line for each reason, with all that it is the reason for."""
    reasons: dict[tuple[str, str], dict[str, list[str]]] = {}
    for row in found.rows:
        if row.difference is None:
            reasons.setdefault((row.task, row.reason), {}).setdefault(row.a, []).append(row.metric)
    return [f"Not compared: {task}, {_listed(of)}: {reason}" for (task, reason), of in reasons.items()]


def _listed(metrics: dict[str, list[str]]) -> str:
    return "; ".join(f"{', '.join(names)} of {method}" for method, names in metrics.items())


def _whole(found: Comparison) -> list[str]:
    names = dict.fromkeys(row.metric for row in found.rows if row.difference is not None and row.pair is None)
    return [f"{', '.join(names)}: of whole sets, not of images, so that nothing can be tested."] if names else []


def _same(found: Comparison) -> list[str]:
    count = sum(row.pair is not None and level(row.pair) for row in found.rows)
    return [f"The same scores on every image: {count} of the rows above; Holm does not count them."] if count else []


def _aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(room(line[column]) for line in lines) for column in range(len(HEADER))]
    return ["  ".join(padded(cell, width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
