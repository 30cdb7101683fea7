"""`bench.csv`: every number of every table, a line a row and metric."""

from __future__ import annotations

from collections.abc import Iterator

from spectra.bench.results.csv_text import csv_text
from spectra.bench.results.ranking import ranked
from spectra.bench.results.result import Result
from spectra.bench.results.row import Cost, Row, RowScore

ROW = ("task", "method", "kind", "preset", "seeds", "steps")
SCORE = ("mean", "low", "high", "n", "unit", "better", "seed_sd", "best", "tied", "signature", "reason")
COST = (*(name for name in Cost.model_fields if name not in ("size", "note")), "size")
MADE = ",".join(ROW[:5])
"""What every one of ours begins with, those of before too."""
HEADER = (*ROW, "metric", *SCORE, *COST)


def bench_csv(result: Result) -> str:
    """A method that failed has one line, with the reason and no metric."""
    rows = (row for task in result.tasks for row in ranked(result, task))
    return csv_text([HEADER, *(line for row in rows for line in _lines(row))])


def _lines(row: Row) -> Iterator[list[str]]:
    about = [row.task, row.method, row.kind, row.preset or "", " ".join(map(str, row.seeds)), _written(row.steps)]
    cost = [_written(getattr(row.cost, name, None)) for name in COST]
    if not row.scores:
        empty = [""] * (len(SCORE) - 1)
        yield [*about, "", *empty, row.error or "", *cost]
    for metric, score in row.scores.items():
        yield [*about, metric, *(_written(getattr(score, name)) for name in SCORE[:-1]), _reason(row, score), *cost]


def _reason(row: Row, score: RowScore) -> str:
    return score.reason or row.error or ""


def _written(value: object) -> str:
    """Every digit of a number; nothing where there is none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "x".join(map(str, value))
    return value if isinstance(value, str) else repr(value)
