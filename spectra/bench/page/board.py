"""The main table of a task: every method by every metric, best first, with what must be said of its cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from spectra.bench.page.columns import Column, alike, columns_of, minus
from spectra.bench.page.contents import Row
from spectra.bench.page.footnotes import Footnotes
from spectra.bench.results.row import RowScore
from spectra.bench.results.signatures import difference

TAGS = {"floor": "floor", "published": "published"}
UNKNOWN = "As printed; with which settings it was computed is not known."


@dataclass(frozen=True)
class Cell:
    """One score; ``value`` is what the column is sorted by, None where there is none."""

    value: float | None
    text: str
    between: str = ""
    """Its interval."""
    spread: str = ""
    """Over seeds."""
    best: bool = False
    tied: bool = False
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """One method. Where there are no scores at all, ``error`` says why."""

    method: str
    kind: str
    cells: tuple[Cell, ...]
    marks: tuple[str, ...] = ()
    error: str = ""

    @property
    def tag(self) -> str:
        return TAGS.get(self.kind, "")


@dataclass(frozen=True)
class Board:
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    footnotes: tuple[tuple[str, str], ...]
    leading: Column | None
    """By which the lines are ordered: the first that anybody was scored by."""

    @property
    def marked(self) -> tuple[bool, bool]:
        """Whether anything is best, and whether anything is tied with it: what a legend has to explain."""
        cells = [cell for line in self.lines for cell in line.cells]
        return any(cell.best for cell in cells), any(cell.tied for cell in cells)


def board_of(rows: Sequence[Row]) -> Board:
    columns, notes = columns_of(rows), Footnotes()
    lines = tuple(_line(row, columns, notes) for row in ranked(rows, columns) if _has_place(row, columns))
    return Board(tuple(columns), lines, tuple(notes.lines), leading(rows, columns))


def _has_place(row: Row, columns: Sequence[Column]) -> bool:
    """What others have published in other metrics alone is not of this table."""
    return row["kind"] != "published" or any(_mean(row, column) is not None for column in columns)


def ranked(rows: Sequence[Row], columns: Sequence[Column]) -> list[Row]:
    """Best first by the leading metric; then those without a score of it, and failed ones last."""
    first = leading(rows, columns)

    def key(row: Row) -> tuple[bool, bool, float]:
        mean = None if first is None else _mean(row, first)
        sign = -1 if first and first.better == "higher" else 1
        return bool(row["error"]), mean is None, 0.0 if mean is None else sign * mean

    return sorted(rows, key=key)


def leading(rows: Sequence[Row], columns: Sequence[Column]) -> Column | None:
    return next((column for column in columns if any(_mean(row, column) is not None for row in rows)), None)


def _mean(row: Row, column: Column) -> float | None:
    found: float | None = row["scores"].get(column.name, {}).get("mean")
    return found


def _line(row: Row, columns: Sequence[Column], notes: Footnotes) -> Line:
    about = [*([row["source"]] if row.get("source") else []), *row["notes"]]
    marks = tuple(notes.mark(words) for words in about)
    if row["error"]:
        return Line(row["method"], row["kind"], (), marks, row["error"])
    return Line(row["method"], row["kind"], tuple(_cell(row, column, notes) for column in columns), marks)


def _cell(row: Row, column: Column, notes: Footnotes) -> Cell:
    score = row["scores"].get(column.name)
    if score is None:
        return Cell(None, "–")
    if score["mean"] is None and row["kind"] == "published":
        return Cell(None, "–")
    if score["mean"] is None:
        why = score["reason"].removeprefix("not scored: ") or "no reason was given"
        return Cell(None, "not scored", marks=(notes.mark(f"{column.name} is not scored: {why}"),))
    own = row["kind"] != "published"
    marks = [notes.mark(words) for words in _strange(column, score)]
    low, high, spread = score["low"], score["high"], score.get("seed_sd")
    return Cell(
        score["mean"],
        column.text(score["mean"]) if own else _as_printed(score["mean"]),
        "" if low is None or high is None else f"[{column.text(low)}, {column.text(high)}]",
        "" if spread is None else f"± {column.text(spread)} over seeds",
        bool(score.get("best")),
        bool(score.get("tied")) and not score.get("best"),
        tuple(marks),
    )


def _strange(column: Column, score: Row) -> Iterator[str]:
    """What sets a score apart from its column."""
    if not score["signature"]:
        yield UNKNOWN
    elif alike(score["signature"]) != alike(column.signature):
        yield f"{column.name} is another measure here: {difference(_said(score), _said(column.model))}"
    elif score["unit"] != column.unit:
        yield f"{column.name} is in {score['unit'] or 'no unit'} here."
    if score["reason"]:
        yield f"{column.name}: {score['reason']}"


def _said(score: Row) -> RowScore:
    return RowScore(mean=0.0, better=score["better"], signature=score["signature"], unit=score["unit"])


def _as_printed(value: float) -> str:
    """A paper's number has the figures that the paper gave it."""
    return minus(f"{value:.10g}")
