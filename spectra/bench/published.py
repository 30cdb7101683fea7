"""What papers printed, as rows of a bench: beside our numbers, and never mistaken for them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from spectra.errors import SpectraError
from spectra.metric import Better
from spectra.modalities import Task
from spectra.recipe.check import problems_with
from spectra.recipe.document import load_document
from spectra.recipe.faults import Fault, raise_faults
from spectra.settings import Config


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
    found = ((paper, table) for paper in papers() for table in paper.tables)
    return [
        row for paper, table in found if layout in table.layouts and table.task == task for row in _rows(paper, table)
    ]


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
