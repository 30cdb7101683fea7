"""The score over several tasks, as a table of its own."""

from __future__ import annotations

from spectra.bench.results.protocol import protocol_of_all
from spectra.bench.results.result import Combined, Result
from spectra.bench.results.sheet import Cell, Column, Footnote, Line, Section, Sheet

TITLE = "combined"
COLUMNS = (Column("combined pbvs", "", "lower"), Column("tasks missing"))
REMARK = "The mean of the task scores; a task that is missing counts 1 more."


def combined_sheet(result: Result) -> Sheet | None:
    """None where the bench has no such score."""
    if not result.combined:
        return None
    methods = sorted(result.combined.items(), key=_rank)
    return Sheet(
        task=TITLE,
        protocol=protocol_of_all(result),
        columns=COLUMNS,
        sections=(Section("", tuple(Line(method, _cells(said)) for method, said in methods)),),
        has_intervals=False,
        has_spreads=False,
        confidence=result.protocol.confidence,
        test="",
        footnotes=_footnotes(result),
        remarks=(REMARK,),
    )


def _rank(entry: tuple[str, Combined]) -> tuple[bool, float, str]:
    method, said = entry
    return said.value is None, said.value or 0.0, method


def _cells(said: Combined) -> tuple[Cell, ...]:
    if said.value is None:
        return Cell("not scored", notes=("1",)), Cell(", ".join(said.missing) or "none")
    return Cell(f"{said.value:.3f}"), Cell(", ".join(said.missing) or "none")


def _footnotes(result: Result) -> tuple[Footnote, ...]:
    lacking = [method for method, said in sorted(result.combined.items()) if said.value is None]
    return (Footnote("1", f"{', '.join(lacking)}: a task has no score, as its own table says"),) if lacking else ()
