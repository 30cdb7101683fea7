"""The tables as plain text, as wide as the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from spectra.bench.results.combined import combined_sheet
from spectra.bench.results.display import one_line, wrapped
from spectra.bench.results.grid import blocks, sign
from spectra.bench.results.legend import legend
from spectra.bench.results.result import Result
from spectra.bench.results.sheet import Sheet
from spectra.bench.results.sheets import sheets_of

NARROWEST = 40
HANG = "    "


def text_table(result: Result, width: int | None = None) -> str:
    """One table a task. Where it is wider than `width`, intervals take a line of their own, and what is still too wide
    goes on in a further block below; with None nothing is ever too wide."""
    width = None if width is None else max(width, NARROWEST)
    sheets = [*sheets_of(result), *([combined] if (combined := combined_sheet(result)) else [])]
    return "\n\n\n".join("\n".join(line.rstrip() for line in _lines(sheet, width)) for sheet in sheets)


def _lines(sheet: Sheet, width: int | None) -> Iterator[str]:
    yield from wrapped(one_line(sheet.protocol), width, HANG)
    yield from wrapped(one_line(legend(sheet, "* best", "~ not told from the best")), width, HANG)
    for block in blocks(sheet, width):
        yield ""
        yield from block
    if sheet.footnotes or sheet.remarks:
        yield ""
    for note in sheet.footnotes:
        yield from wrapped(f"{sign(note.mark)} {one_line(note.text)}", width, HANG)
    for remark in sheet.remarks:
        yield from wrapped(f"Note: {one_line(remark)}", width, HANG)
