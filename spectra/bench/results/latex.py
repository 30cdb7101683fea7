"""`table.tex`: for a paper; it needs the package booktabs and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from spectra.bench.results.combined import combined_sheet
from spectra.bench.results.latex_text import escaped
from spectra.bench.results.latex_width import groups, pages
from spectra.bench.results.legend import ARROWS, legend, signed
from spectra.bench.results.result import Result
from spectra.bench.results.sheet import Cell, Column, Line, Sheet, parts_of
from spectra.bench.results.sheets import sheets_of

MADE = "% Made by Spectra from bench.json: what is changed here is lost when it is made again."
NEEDS = (
    r"% It needs \usepackage{booktabs}. Columns that would not fit beside each other on a page of article stand below."
)
CONTINUED = "continued: "
DRESS = {"": "{}", "best": r"\textbf{{{}}}", "tied": r"\textit{{{}}}"}


def latex(result: Result) -> str:
    """One table a task, each with a caption that states its protocol."""
    sheets = [*sheets_of(result), *([combined] if (combined := combined_sheet(result)) else [])]
    return "\n\n".join(["\n".join([MADE, NEEDS]), *("\n".join(_lines(sheet)) for sheet in sheets)]) + "\n"


def _lines(sheet: Sheet) -> Iterator[str]:
    floats = list(pages([group for part in parts_of(sheet) for group in groups(part)]))
    for place, parts in enumerate(floats):
        yield from _opening(sheet, place)
        for below, part in enumerate(parts):
            yield from ([r"  \par\medskip"] if below else [])
            yield from _tabular(part)
        yield from _below(sheet) if parts is floats[-1] else ()
        yield r"\end{table}"


def _opening(sheet: Sheet, place: int) -> Iterator[str]:
    """What the numbers are is said once; what is continued says so."""
    explained = legend(sheet, r"\textbf{best}", r"\textit{not told from the best}", escaped)
    label = "".join(letter for letter in sheet.task if letter.isascii() and letter.isalnum())
    caption = f"{CONTINUED}{escaped(sheet.task)}" if place else f"{escaped(sheet.protocol)} {explained}"
    yield from (r"\begin{table}", r"  \centering", rf"  \caption{{{caption}}}")
    yield rf"  \label{{tab:{label}{f'-{place + 1}' if place else ''}}}"
    yield r"  \footnotesize"


def _tabular(sheet: Sheet) -> Iterator[str]:
    yield from (rf"  \begin{{tabular}}{{l{'r' * len(sheet.columns)}}}", r"    \toprule")
    yield _row(["method", *map(_heading, sheet.columns)])
    for section in sheet.sections:
        yield r"    \midrule"
        if section.title:
            title = rf"\textit{{{section.title}}}{_raised(section.notes)}"
            yield _row([rf"\multicolumn{{{len(sheet.columns) + 1}}}{{l}}{{{title}}}"])
        for line in section.lines:
            yield _row([_name(line), *map(_cell, line.cells)])
    yield from (r"    \bottomrule", r"  \end{tabular}")


def _below(sheet: Sheet) -> Iterator[str]:
    """Each note a paragraph of its own."""
    notes = [f"{_raised((note.mark,))} {escaped(note.text)}" for note in sheet.footnotes]
    for text in [*notes, *map(escaped, [*sheet.remarks, *signed(sheet)])]:
        yield rf"  \par\smallskip\noindent {text}"


def _heading(column: Column) -> str:
    name = f"{escaped(column.name)} {escaped(ARROWS[column.better])}".rstrip()
    return f"{name} ({escaped(column.unit)})" if column.unit else name


def _row(cells: list[str]) -> str:
    """Behind the end of a row TeX looks for a star or a bracket of its own."""
    guard = "{}" if cells[0][:1] in ("[", "*") else ""
    return rf"    {guard}{' & '.join(cells)} \\"


def _name(line: Line) -> str:
    return escaped(line.label) + _raised(line.notes)


def _cell(cell: Cell) -> str:
    main = DRESS[cell.mark].format(escaped(cell.text))
    small = [rf"{{\scriptsize {escaped(part)}}}" for part in (cell.interval, cell.spread) if part]
    return " ".join([main, *small]) + _raised(cell.notes)


def _raised(marks: tuple[str, ...]) -> str:
    return rf"\textsuperscript{{{', '.join(marks)}}}" if marks else ""
