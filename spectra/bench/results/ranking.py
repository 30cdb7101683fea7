"""Who stands above whom: best first by the first metric, floors and what others have published apart."""

from __future__ import annotations

from spectra.bench.results.result import Result
from spectra.bench.results.row import Row

SECTIONS = {"": ("translator", "recipe", "model", "predictions"), "floors": ("floor",), "published": ("published",)}


def sections_of(result: Result, task: str) -> dict[str, tuple[Row, ...]]:
    """The rows of a task by section, each ranked; sections without rows are left out."""
    rows = ranked(result, task)
    found = {title: tuple(row for row in rows if row.kind in kinds) for title, kinds in SECTIONS.items()}
    return {title: rows for title, rows in found.items() if rows}


def ranked(result: Result, task: str) -> list[Row]:
    """All rows of a task, best first by the first metric that anybody was scored by; as they came where even."""
    rows = result.rows_of(task)
    metrics = result.metrics_of(task)
    scored = (name for name in metrics if any(_mean(row, name) is not None for row in rows))
    first = next(scored, None)
    return sorted(rows, key=lambda row: _rank(row, first))


def _rank(row: Row, metric: str | None) -> tuple[int, float]:
    """Behind all scored ones those that are not, and last of all what failed."""
    mean = None if metric is None else _mean(row, metric)
    if metric is None or mean is None:
        return (1 if row.error is None else 2), 0.0
    return 0, -mean if row.scores[metric].better == "higher" else mean


def _mean(row: Row, metric: str) -> float | None:
    return row.scores[metric].mean if metric in row.scores else None
