"""What papers printed, as rows of a bench: beside our numbers, and never mistaken for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from spectra.errors import SpectraError, did_you_mean
from spectra.metric import Better
from spectra.modalities import Task
from spectra.recipe.check import problems_with
from spectra.recipe.document import load_document
from spectra.recipe.faults import Fault, raise_faults
from spectra.settings import Config

NAMED = "shown as the data set {!r} was named; that the data is this set, Spectra has not seen"


class Column(Config):
    """What stands under the name of one of our metrics."""

    unit: str = ""
    better: Better
    like: Literal["same", "near", "unknown"]
    """How its protocol compares with that of our metric of this name."""
    printed: str = Field(min_length=1)
    """How the number came about, as far as anybody says."""

    @property
    def signature(self) -> str:
        return f"as printed: {self.printed}"


class Table(Config):
    """One table of a paper, of one data set and task."""

    table: str
    about: str
    layouts: list[str]
    """The data set, by the names of `spectra data list`; empty where none of them reads it."""
    names: list[str] = Field(default_factory=list)
    """The data set by a name of its own, where no layout reads it."""
    task: str
    split: str
    images: int | None = Field(gt=0)
    """How many test images; null where it is not printed."""
    metrics: dict[str, Column] = Field(min_length=1)
    rows: dict[str, list[float | None]] = Field(min_length=1)
    """By method, one number for each metric; null where none is printed."""
    remarks: dict[str, str] = Field(default_factory=dict)
    """To single methods."""
    sources: dict[str, str] = Field(default_factory=dict)
    """To single methods, where it is not the paper itself."""
    notes: list[str] = Field(default_factory=list)

    @field_validator("task")
    @classmethod
    def _is_a_task(cls, task: str) -> str:
        try:
            return str(Task.parse(task))
        except SpectraError as why:
            raise ValueError(str(why)) from None

    @model_validator(mode="after")
    def _rows_fit(self) -> Self:
        for method, numbers in self.rows.items():
            if len(numbers) != len(self.metrics):
                raise ValueError(f"{method} has {len(numbers)} numbers, and there are {len(self.metrics)} metrics")
        for method in (*self.remarks, *self.sources):
            if method not in self.rows:
                raise ValueError(f"{method} is spoken of, and has no row")
        return self


class Combined(Config):
    """Numbers over the tasks of a table."""

    table: str
    scores: dict[str, float]


class Paper(Config):
    """One file of `benchmarks/published`."""

    paper: str
    year: int
    citation: str
    taken_from: str
    notes: list[str] = Field(default_factory=list)
    tables: list[Table] = Field(min_length=1)
    combined: list[Combined] = Field(default_factory=list)


def published(layout: str | None, task: str) -> list[dict[str, Any]]:
    """What papers printed of a data set, by the name of its layout, and a task, as rows of `bench.json`.

    Of data without a layout of its own there is nothing: folders of any origin are no data set that a paper scored.
    """
    return [] if layout is None else _apart(_rows_of(lambda table: layout in table.layouts and table.task == task))


def published_of(layout: str | None, named: Sequence[str], task: str) -> list[dict[str, Any]]:
    """Those of the layout of the data, and of data sets that a person has named, for whom only that person stands."""
    rows = published(layout, task)
    for name in dict.fromkeys(name for name in named if name != layout):
        taken = {row["method"] for row in rows}
        rows += [_told(row, name, row["method"] in taken) for row in _named(name, task)]
    return rows


def _told(row: dict[str, Any], name: str, taken: bool) -> dict[str, Any]:
    """Each row of a table has a name of its own: one method may be in the tables of several sets."""
    method = f"{row['method']} on {name}" if taken else row["method"]
    return {**row, "method": method, "notes": [NAMED.format(name), *row["notes"]]}


def check_named(named: Sequence[str]) -> None:
    """Refuse the names of data sets of which nothing is known."""
    known = sorted({name for paper in papers() for table in paper.tables for name in (*table.layouts, *table.names)})
    for name in named:
        if name not in known:
            raise SpectraError(
                f"No paper is known here that printed numbers of a data set {name!r}.{did_you_mean(name, known)}\n"
                f"Known: {', '.join(known)}."
            )


def _named(name: str, task: str) -> list[dict[str, Any]]:
    return _apart(_rows_of(lambda table: name in (*table.layouts, *table.names) and table.task == task))


Found = list[tuple[Paper, dict[str, Any]]]


def _rows_of(wanted: Callable[[Table], bool]) -> Found:
    tables = ((paper, table) for paper in papers() for table in paper.tables if wanted(table))
    return [(paper, row) for paper, table in tables for row in _rows(paper, table)]


def _apart(found: Found) -> list[dict[str, Any]]:
    """Where two papers have rows of one name, the later one has its year beside it."""
    rows: dict[str, dict[str, Any]] = {}
    for paper, row in found:
        method = f"{row['method']} ({paper.year})" if row["method"] in rows else row["method"]
        rows[method] = {**row, "method": method}
    return list(rows.values())


@cache
def papers() -> tuple[Paper, ...]:
    """All that is known, by name of the file."""
    return tuple(read(path) for path in sorted(folder().glob("*.yaml")))


def folder() -> Path:
    """Where the files lie: in the installed package, or else in the checkout it belongs to."""
    package = Path(__file__).parents[1]
    places = (package / "published", package.parent / "benchmarks" / "published")
    for place in places:
        if place.is_dir():
            return place
    raise SpectraError(f"The tables of the papers are not there: there is no {' and no '.join(map(str, places))}.")


def read(path: Path) -> Paper:
    """One file, read strictly: every fault with its line."""
    document = load_document(path)
    faults = []
    for key, message in problems_with(Paper, document.data):
        where = document.position(key)
        said = ".".join(map(str, key))
        faults.append(Fault(f"{said}: {message}" if said else message, key, where.file, where.line, where.column))
    if faults:
        raise_faults(faults)
    return Paper.model_validate(document.data)


def _rows(paper: Paper, table: Table) -> Iterator[dict[str, Any]]:
    for method, numbers in table.rows.items():
        remark = [table.remarks[method]] if method in table.remarks else []
        yield {
            "method": method,
            "task": table.task,
            "kind": "published",
            "preset": None,
            "seeds": [],
            "steps": None,
            "scores": _scores(table, numbers),
            "settings": {},
            "cost": None,
            "notes": [*remark, f"test images: {table.split}", *table.notes, *paper.notes],
            "error": None,
            "id": None,
            "source": f"{table.sources.get(method, paper.citation)}, {table.table}",
        }


def _scores(table: Table, numbers: list[float | None]) -> dict[str, dict[str, Any]]:
    return {
        name: {
            "mean": number,
            "low": None,
            "high": None,
            "n": table.images or 0,
            "unit": column.unit,
            "better": column.better,
            "signature": column.signature,
            "reason": _reason(table, number),
            "seed_sd": None,
            "best": False,
            "tied": False,
        }
        for (name, column), number in zip(table.metrics.items(), numbers, strict=True)
    }


def _reason(table: Table, number: float | None) -> str:
    """Why there is no number, or no interval; and none of images, for which a bench writes 0."""
    if number is None:
        return "not printed"
    return "printed without an interval" + ("" if table.images else ", nor a number of images")
