"""From the result of a bench to its tables, one a task."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from spectra.bench.results.columns import part_explained, parts_of_metric, together, untested
from spectra.bench.results.costs import (
    EXPLAINED,
    circumstances,
    cost_cells,
    machine,
    measured,
    own_remarks,
    shared_remarks,
    where,
)
from spectra.bench.results.footnotes import Footnotes
from spectra.bench.results.protocol import protocol_of
from spectra.bench.results.ranking import sections_of
from spectra.bench.results.result import Result
from spectra.bench.results.row import Row, RowScore
from spectra.bench.results.sheet import NONE, Cell, Column, Line, Section, Sheet
from spectra.bench.results.signatures import foreign, reference
from spectra.bench.table import places_of

FAILED = "failed"
NOT_SCORED = "not scored"


def sheets_of(result: Result) -> tuple[Sheet, ...]:
    return tuple(sheet_of(result, task) for task in result.tasks if result.rows_of(task))


def sheet_of(result: Result, task: str) -> Sheet:
    making = _Making(result, task)
    shown = {title: [row for row in rows if making.shows(row)] for title, rows in sections_of(result, task).items()}
    sections = tuple(making.section(title, rows) for title, rows in shown.items() if rows)
    scores = [score for row in result.rows_of(task) for score in row.scores.values()]
    marked = any(score.best or score.tied for score in scores)
    return Sheet(
        task=task,
        protocol=protocol_of(result, task),
        columns=(*making.quality(), *(one.column for one in making.costs)),
        sections=sections,
        has_intervals=any(score.low is not None for score in scores),
        has_spreads=any(score.seed_sd is not None for score in scores),
        confidence=result.protocol.confidence,
        test=_test(result, task, making.metrics) if marked else "",
        footnotes=making.footnotes.all(),
        remarks=tuple(_remarks(result, task, making)),
        signatures=tuple(making.signatures()),
    )


def _test(result: Result, task: str, metrics: Sequence[str]) -> str:
    bare = together(untested(result, task, metrics), metrics)
    said = [f"{', '.join(bare)}: no interval, and the best rests on no test"] if bare else []
    return "; ".join([*([result.protocol.test] if result.protocol.test else []), *said])


def _remarks(result: Result, task: str, making: _Making) -> Iterator[str]:
    if making.costs:
        yield f"Cost: {'; '.join([EXPLAINED, *making.measured_on(), *making.shared.values()])}."
    if explained := part_explained(making.metrics):
        yield f"{explained}."
    if others := [row.method for row in result.rows_of(task) if not making.shows(row)]:
        yield f"Published in other metrics alone, and only in bench.csv: {', '.join(others)}."
    yield from result.protocol.tasks[task].notes
    yield from result.protocol.notes


@dataclass
class _Making:
    """One table in the making: what all its lines must know of its columns."""

    result: Result
    task: str
    footnotes: Footnotes = field(init=False)

    def __post_init__(self) -> None:
        rows = self.result.rows_of(self.task)
        self.metrics = compared(self.result, self.task)
        self.footnotes = Footnotes(self.metrics)
        self.costs = measured(rows)
        self.places = {name: places_of(_means(rows, name)) for name in self.metrics}
        self.references = {name: reference(self.result, self.task, name) for name in self.metrics}
        self.devices = circumstances(rows)
        self.shared = shared_remarks([row.cost.note for row in rows if row.cost is not None])

    def quality(self) -> Iterator[Column]:
        """The heading says unit and better side of what the column mostly holds."""
        for name in self.metrics:
            score = self.references[name] or self._any_score(name)
            yield Column(name, score.unit, score.better)

    def signatures(self) -> Iterator[str]:
        """Each once: parts of a metric are measured as it is."""
        known = {name: score.signature for name, score in self.references.items() if score is not None}
        for name, signature in known.items():
            if any(name in parts_of_metric(other, known) and known[other] == signature for other in known):
                continue
            parts = parts_of_metric(name, known)
            alike = parts and all(known[part] == signature for part in parts)
            yield f"{name} and its parts: {signature}" if alike else signature

    def measured_on(self) -> Iterator[str]:
        """The machine, and the device with the size of images where it is the same for all."""
        costs = [row.cost for row in self.result.rows_of(self.task) if row.cost is not None]
        known = machine(self.result.protocol.environment, [cost.device for cost in costs if cost.device])
        if len(self.devices) == 1:
            yield f"on {self.devices[0]}" + (f" ({known})" if known else "")
        elif known:
            yield f"on {known}"

    def _any_score(self, name: str) -> RowScore:
        return next(row.scores[name] for row in self.result.rows_of(self.task) if name in row.scores)

    def shows(self, row: Row) -> bool:
        """What others have published in other metrics alone is not of this table."""
        means = [row.scores[name].mean for name in self.metrics if name in row.scores]
        return row.kind != "published" or any(mean is not None for mean in means)

    def section(self, title: str, rows: Sequence[Row]) -> Section:
        """What is to be said of all its rows is said of the section."""
        said = [list(self._notes(row)) for row in rows]
        common = [note for note in said[0] if title and len(rows) > 1 and all(note in notes for notes in said)]
        numbers = tuple(self.footnotes.number(title, note) for note in common)
        lines = [
            self._line(row, [note for note in notes if note not in common])
            for row, notes in zip(rows, said, strict=True)
        ]
        return Section(title, tuple(lines), numbers)

    def _line(self, row: Row, said: Sequence[str]) -> Line:
        notes = [self.footnotes.number(row.method, note) for note in said]
        cells = [self._cell(row, name) for name in self.metrics]
        if row.error is not None:
            number = self.footnotes.number(row.method, f"{FAILED}: {row.error}")
            if cells and not row.scores:
                cells[0] = Cell(FAILED, notes=(number,))
            else:
                notes.append(number)
        costs = list(cost_cells(row, self.costs))
        return Line(label(row, self.result), (*cells, *costs), tuple(dict.fromkeys(notes)))

    def _notes(self, row: Row) -> Iterator[str]:
        if row.source:
            yield f"published in {row.source}" if row.kind == "published" else row.source
        yield from row.notes
        if row.cost is not None and (note := own_remarks(row.cost.note, self.shared)):
            yield f"cost: {note}"
        if row.cost is not None and len(self.devices) > 1 and where(row.cost):
            yield f"cost on {where(row.cost)}"

    def _cell(self, row: Row, name: str) -> Cell:
        score = row.scores.get(name)
        if score is None or (score.mean is None and row.kind == "published"):
            return NONE
        if score.mean is None:
            return Cell(NOT_SCORED, notes=(self.footnotes.number(name, score.reason.removeprefix("not scored: ")),))
        places = self.places[name]
        return Cell(
            text=f"{score.mean:z.{places}f}",
            interval="" if score.low is None else f"[{score.low:z.{places}f}, {score.high:z.{places}f}]",
            spread="" if score.seed_sd is None else f"±{score.seed_sd:.{places}f}",
            mark="best" if score.best else "tied" if score.tied else "",
            notes=tuple(self._notes_of(row, name, score)),
        )

    def _notes_of(self, row: Row, name: str, score: RowScore) -> Iterator[str]:
        column = self.references[name]
        if strange := foreign(row, score, column):
            yield self.footnotes.letter(name, strange)
        if score.reason and row.kind != "published":
            yield from (self.footnotes.number(name, remark) for remark in score.reason.split("; "))
        if row.kind != "published" and column is not None and score.n != self._count(name):
            yield self.footnotes.number(name, f"n = {score.n}, elsewhere {self._count(name)}")

    def _count(self, name: str) -> int:
        """Of how many images most scores of a column are."""
        rows = [row for row in self.result.rows_of(self.task) if row.kind != "published" and name in row.scores]
        counts = [row.scores[name].n for row in rows if row.scores[name].mean is not None]
        return max(counts, key=lambda count: (counts.count(count), count))


def compared(result: Result, task: str) -> tuple[str, ...]:
    """The metrics of the table: those that our own rows were to be scored by, where there are any."""
    own = {name for row in result.rows_of(task) if row.kind != "published" for name in row.scores}
    return tuple(name for name in result.metrics_of(task) if name in own or not own)


def label(row: Row, result: Result) -> str:
    """The name, with what sets the row apart: what it is where it did not learn here, and a preset of its own."""
    words: list[str] = [] if row.kind in ("translator", "recipe") else [row.kind]
    if row.preset is not None and row.preset != result.protocol.preset:
        words.append(row.preset)
    return f"{row.method} ({', '.join(words)})" if words else row.method


def _means(rows: Sequence[Row], name: str) -> list[float | None]:
    scores: list[Mapping[str, RowScore]] = [row.scores for row in rows]
    return [held[name].mean for held in scores if name in held]
