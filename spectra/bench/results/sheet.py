"""The table of one task before it takes the form of a terminal, a page of Markdown or a paper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from spectra.better import Better

Mark = Literal["", "best", "tied"]
Part = Literal["quality", "cost"]


@dataclass(frozen=True)
class Column:
    name: str
    unit: str = ""
    better: Better | None = None
    part: Part = "quality"


@dataclass(frozen=True)
class Cell:
    """What stands in one place: a number with its interval, or a word."""

    text: str
    interval: str = ""
    spread: str = ""
    mark: Mark = ""
    notes: tuple[str, ...] = ()
    """The letters and numbers of its footnotes."""


NONE = Cell("–")


@dataclass(frozen=True)
class Line:
    label: str
    cells: tuple[Cell, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """Lines that compete with each other; a floor or a published row stands apart from them."""

    title: str
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()
    """Of what is to be said of all its lines."""


@dataclass(frozen=True)
class Footnote:
    mark: str
    text: str


@dataclass(frozen=True)
class Sheet:
    task: str
    protocol: str
    """What the numbers were measured on, and how: a table without it stands for nothing."""
    columns: tuple[Column, ...]
    sections: tuple[Section, ...]
    has_intervals: bool
    has_spreads: bool
    confidence: float
    test: str
    """How the best were told from the others; empty where nothing is marked as tied or best."""
    footnotes: tuple[Footnote, ...]
    remarks: tuple[str, ...] = ()
    signatures: tuple[str, ...] = ()
    """What the numbers of each column are, but for those with a letter."""

    @property
    def marks(self) -> set[Mark]:
        return {cell.mark for section in self.sections for line in section.lines for cell in line.cells}


def parts_of(sheet: Sheet) -> tuple[Sheet, ...]:
    """Scores and costs in tables of their own, the costs of those alone of whom they are known."""
    scores = _with_columns(sheet, lambda column: column.part == "quality")
    costs = _with_columns(sheet, lambda column: column.part == "cost")
    measured = known(costs)
    return (scores, measured) if measured.sections else (scores,)


def known(sheet: Sheet) -> Sheet:
    """Without the lines that say nothing."""
    sections = tuple(_known(section) for section in sheet.sections)
    return replace(sheet, sections=tuple(section for section in sections if section.lines))


def _known(section: Section) -> Section:
    lines = tuple(line for line in section.lines if any(cell != NONE for cell in line.cells))
    return replace(section, lines=lines, notes=())


def _with_columns(sheet: Sheet, wanted: Callable[[Column], bool]) -> Sheet:
    return with_places(sheet, [place for place, column in enumerate(sheet.columns) if wanted(column)])


def with_places(sheet: Sheet, places: Sequence[int]) -> Sheet:
    """With these of its columns alone."""
    sections = tuple(
        replace(
            section,
            lines=tuple(replace(line, cells=tuple(line.cells[place] for place in places)) for line in section.lines),
        )
        for section in sheet.sections
    )
    return replace(sheet, columns=tuple(sheet.columns[place] for place in places), sections=sections)
