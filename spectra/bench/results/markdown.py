"""`table.md`: for a README, an issue or a page of notes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from spectra.bench.results.combined import combined_sheet
from spectra.bench.results.display import one_line
from spectra.bench.results.legend import heading, legend, signed
from spectra.bench.results.result import Result
from spectra.bench.results.sheet import Cell, Line, Sheet
from spectra.bench.results.sheets import sheets_of

MADE = "<!-- Made by Spectra from bench.json: what is changed here is lost when it is made again. -->"
DRESS = {"": "{}", "best": "**{}**", "tied": "*{}*"}
MARKED = re.compile(r"[*`\[\]~$#]|(?<![^\W_])_|_(?![^\W_])")
"""What Markdown takes for its own; an underscore within a word is none of it."""
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\\": "&#92;", "|": "\\|"}


def markdown(result: Result) -> str:
    """One table a task, each with the lines that it needs to stand for itself."""
    sheets = [*sheets_of(result), *([combined] if (combined := combined_sheet(result)) else [])]
    return "\n\n".join([MADE, *("\n".join(_lines(sheet)) for sheet in sheets)]) + "\n"


def escaped(text: str) -> str:
    """The text, and nothing but the text, wherever it stands in a page."""
    marked = MARKED.sub(lambda found: f"\0{found[0]}", one_line(text))
    return "".join(ENTITIES.get(letter, letter) for letter in marked).replace("\0", "\\")


def _lines(sheet: Sheet) -> Iterator[str]:
    yield from (f"### {escaped(sheet.task)}", "", escaped(sheet.protocol), "")
    yield _row(["method", *(escaped(heading(column)) for column in sheet.columns)])
    yield _row([":--", *("--:" for _ in sheet.columns)])
    for section in sheet.sections:
        if section.title:
            yield _row([f"*{section.title}*{_raised(' '.join(section.notes))}", *("" for _ in sheet.columns)])
        for line in section.lines:
            yield _row([_name(line), *map(_cell, line.cells)])
    yield from ("", legend(sheet, "**best**", "*not told from the best*", escaped))
    if sheet.footnotes or sheet.remarks or sheet.signatures:
        yield ""
    yield from (f"- {_raised(note.mark)} {escaped(note.text)}" for note in sheet.footnotes)
    yield from (f"- {escaped(remark)}" for remark in [*sheet.remarks, *signed(sheet)])


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _name(line: Line) -> str:
    return escaped(line.label) + _raised(" ".join(line.notes))


def _cell(cell: Cell) -> str:
    parts = [DRESS[cell.mark].format(cell.text), escaped(cell.interval), cell.spread]
    return " ".join(part for part in parts if part) + _raised(" ".join(cell.notes))


def _raised(marks: str) -> str:
    return f"<sup>{marks}</sup>" if marks else ""
