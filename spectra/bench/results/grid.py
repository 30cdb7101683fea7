"""Columns of text below each other, numbers aligned; as many side by side as there is room for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest

from spectra.bench.results.display import one_line, padded, room, wrapped
from spectra.bench.results.legend import heading
from spectra.bench.results.sheet import Cell, Column, Line, Sheet, parts_of

SIGNS = {"": "", "best": "*", "tied": "~"}
GAP = "  "
RULE = "─"
SHARE = 3
"""The part of a narrow terminal, one in so many, that names of methods get before they are broken."""

Texts = list[list[str]]
"""Of one column, the lines of its heading and of each of its cells."""


def blocks(sheet: Sheet, width: int | None) -> Iterator[list[str]]:
    """One block where all fits beside each other; else scores and costs apart, and each in as many as it needs."""
    whole = [_broad(sheet), *(_flat(*column) for column in _columns(sheet))]
    if width is None or _width(whole) <= width:
        yield _drawn(sheet, whole)
        return
    for part in parts_of(sheet):
        yield from _apart(part, width)


def _apart(sheet: Sheet, width: int) -> Iterator[list[str]]:
    """Each cell in one line where that fits, else below each other, and as many columns at a time as fit."""
    flat = [_broad(sheet), *(_flat(*column) for column in _columns(sheet))]
    if _width(flat) <= width:
        yield _drawn(sheet, flat)
        return
    names = [wrapped(name, width // SHARE) for [name] in _broad(sheet)]
    for group in _groups([_stacked(*column) for column in _columns(sheet)], width - _width([names])):
        yield _drawn(sheet, [names, *group])


def _columns(sheet: Sheet) -> Iterator[tuple[Column, list[Cell]]]:
    for place, column in enumerate(sheet.columns):
        yield column, [line.cells[place] for section in sheet.sections for line in section.lines]


def _broad(sheet: Sheet) -> Texts:
    return [["method"], *([_name(line)] for section in sheet.sections for line in section.lines)]


def sign(mark: str) -> str:
    """How a footnote is pointed to."""
    return f"({mark})" if mark.isdigit() else f"^{mark}"


def _name(line: Line) -> str:
    return one_line(line.label) + "".join(sign(mark) for mark in line.notes)


def _flat(column: Column, cells: Sequence[Cell]) -> Texts:
    """Each cell in one line; intervals begin below each other."""
    mains = _mains(cells)
    details = [" ".join(part for part in (cell.interval, cell.spread) if part) for cell in cells]
    start = max((room(main) for main, detail in zip(mains, details, strict=True) if detail), default=0)
    texts = [f"{padded(main, start)} {detail}" if detail else main for main, detail in zip(mains, details, strict=True)]
    return [[one_line(heading(column))], *([text] for text in texts)]


def _stacked(column: Column, cells: Sequence[Cell]) -> Texts:
    """Unit, interval and spread each in a line of their own."""
    top = [one_line(heading(replace(column, unit=""))), one_line(column.unit)]
    parts = [top, *([main, cell.interval, cell.spread] for main, cell in zip(_mains(cells), cells, strict=True))]
    return [[line for line in lines if line] for lines in parts]


def _mains(cells: Sequence[Cell]) -> list[str]:
    """Numbers to the right, so that their points stand below each other; then their marks. Words begin at the left."""
    size = max((room(cell.text) for cell in cells if not _is_word(cell)), default=0)
    return [
        (one_line(cell.text) if _is_word(cell) else padded(cell.text, size, right=True))
        + SIGNS[cell.mark]
        + "".join(map(sign, cell.notes))
        for cell in cells
    ]


def _is_word(cell: Cell) -> bool:
    return cell.text[:1].isalpha()


def _groups(columns: Sequence[Texts], width: int) -> Iterator[list[Texts]]:
    """As many columns at a time as fit; one that fits nowhere stands alone."""
    group: list[Texts] = []
    for column in columns:
        if group and len(GAP) + _width([*group, column]) > width:
            yield group
            group = []
        group.append(column)
    yield group


def _width(columns: Sequence[Texts]) -> int:
    return sum(map(_widest, columns)) + len(GAP) * (len(columns) - 1)


def _widest(column: Texts) -> int:
    return max((room(line) for lines in column for line in lines), default=0)


def _drawn(sheet: Sheet, columns: Sequence[Texts]) -> list[str]:
    rows = iter(list(zip(*columns, strict=True)))
    sizes = [_widest(column) for column in columns]
    drawn = _row(next(rows), sizes)
    for section in sheet.sections:
        title = f"{section.title}{''.join(map(sign, section.notes))} " if section.title else ""
        drawn.append(title + RULE * (_width(columns) - len(title)))
        for _ in section.lines:
            drawn += _row(next(rows), sizes)
    return drawn


def _row(cells: Sequence[Sequence[str]], sizes: Sequence[int]) -> list[str]:
    lines = zip_longest(*cells, fillvalue="")
    return [GAP.join(padded(text, size) for text, size in zip(line, sizes, strict=True)).rstrip() for line in lines]
