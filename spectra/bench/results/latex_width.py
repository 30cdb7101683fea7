"""How wide a table is on paper: about, and rather too much than too little."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from spectra.bench.results.legend import heading
from spectra.bench.results.sheet import Cell, Sheet, known, with_places

TEXT_WIDTH = 345.0
"""Points of a line of `article`, the narrowest of the usual classes with one column."""
TEXT_LINES = 46
"""Rows that stand below each other on its page with a caption, and room for notes."""
LETTER, SMALL, BETWEEN = 4.6, 4.0, 12.0
"""Points of a letter in footnotesize, in scriptsize, and of the gap between two columns."""
WIDE = "↑↓±×≈−"
"""Signs as wide as two letters."""
BOLD = 1.15


def groups(sheet: Sheet) -> Iterator[Sheet]:
    """As many columns at a time as fit beside the names; one that fits nowhere stands alone. The first ones name all
    methods, the others those alone that have something there."""
    first, *others = (with_places(sheet, places) for places in _together(_names(sheet), _columns(sheet)))
    yield from (first, *map(known, others))


def _together(names: float, widths: Sequence[float]) -> Iterator[list[int]]:
    places: list[int] = []
    for place, width in enumerate(widths):
        if places and names + sum(widths[at] for at in places) + width > TEXT_WIDTH:
            yield places
            places = []
        places.append(place)
    yield places


def pages(sheets: Sequence[Sheet]) -> Iterator[list[Sheet]]:
    """As many below each other as a page holds."""
    page: list[Sheet] = []
    for sheet in sheets:
        if page and sum(map(rows, [*page, sheet])) > TEXT_LINES:
            yield page
            page = []
        page.append(sheet)
    yield page


def rows(sheet: Sheet) -> int:
    """With its heading, its rules and its titles."""
    return 3 + sum(len(section.lines) + 1 + bool(section.title) for section in sheet.sections)


def _names(sheet: Sheet) -> float:
    lines = [line for section in sheet.sections for line in section.lines]
    return max((_letters(line.label) * LETTER + _marks(line.notes) for line in lines), default=0.0) + BETWEEN


def _columns(sheet: Sheet) -> list[float]:
    lines = [line for section in sheet.sections for line in section.lines]
    return [
        max(
            [_letters(heading(column)) * LETTER + 2 * SMALL * bool(column.unit), *(_cell(it.cells[at]) for it in lines)]
        )
        + BETWEEN
        for at, column in enumerate(sheet.columns)
    ]


def _cell(cell: Cell) -> float:
    small = [part for part in (cell.interval, cell.spread) if part]
    main = _letters(cell.text) * LETTER * (BOLD if cell.mark else 1)
    return main + sum((_letters(part) + 1) * SMALL for part in small) + _marks(cell.notes)


def _marks(notes: Sequence[str]) -> float:
    return len(", ".join(notes)) * SMALL


def _letters(text: str) -> int:
    return len(text) + sum(letter in WIDE for letter in text)
