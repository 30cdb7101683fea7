"""What a bench found, as data: the words of `bench.json`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Literal, Self

from pydantic import Field, JsonValue, model_validator

from spectra.bench.results.row import Exact, Row, RowScore, alike

VERSION: Literal[1] = 1


class TaskData(Exact):
    origin: str
    scenes: bool
    train: int | None
    test: int
    identity: str | None = None


class TaskProtocol(Exact):
    data: TaskData
    scales: dict[str, str] = Field(default_factory=dict)
    metrics: dict[str, JsonValue] | None = None
    """What it is judged by, with the settings; of an older bench None, which says it once for all tasks."""
    notes: tuple[str, ...] = ()


class Protocol(Exact):
    """How all rows came about; what is left of a table when somebody doubts it."""

    command: tuple[str, ...]
    spectra: str
    finished: str
    environment: dict[str, JsonValue]
    device: str
    preset: str | None = None
    budget: str | None = None
    seeds: tuple[int, ...] = ()
    metrics: dict[str, JsonValue]
    """Those that all tasks are judged by in the same settings."""
    confidence: float = 0.95
    test: str | None = None
    gallery_metric: str | None = None
    tasks: dict[str, TaskProtocol]
    notes: tuple[str, ...] = ()


class Comparison(Exact):
    """Two methods on the same images: the difference is `a` minus `b`."""

    task: str
    metric: str
    a: str
    b: str
    difference: float | None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    p_holm: float | None = None
    n: int
    clusters: int | None = None
    left_out: int = 0
    """Images that only one of them has a score of."""
    test: str = ""


class Combined(Exact):
    """The score over several tasks, and which of them the method lacks."""

    value: float | None
    missing: tuple[str, ...] = ()


class Result(Exact):
    """All of `bench.json`."""

    version: Literal[1] = VERSION
    protocol: Protocol
    rows: tuple[Row, ...]
    pairs: tuple[Comparison, ...] = ()
    combined: dict[str, Combined] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        for fault in _faults(self):
            raise ValueError(fault)
        return self

    @property
    def tasks(self) -> tuple[str, ...]:
        return tuple(self.protocol.tasks)

    def rows_of(self, task: str) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.task == task)

    def asked_of(self, task: str) -> dict[str, JsonValue]:
        """What a task was to be judged by, with the settings."""
        own = self.protocol.tasks[task].metrics
        return self.protocol.metrics if own is None else own

    def metrics_of(self, task: str) -> tuple[str, ...]:
        """In the order in which they were asked for, those of the rows themselves before what was only published."""
        rows = sorted(self.rows_of(task), key=lambda row: row.kind == "published")
        return tuple(dict.fromkeys(name for row in rows for name in row.scores))


def _faults(result: Result) -> Iterator[str]:
    own = [row for row in result.rows if row.kind != "published"]
    for row in result.rows:
        if row.task not in result.protocol.tasks:
            yield f"the row {row.method!r} is of the task {row.task!r}, of which the protocol says nothing"
    for (method, task), count in Counter((row.method, row.task) for row in own).items():
        if count > 1:
            yield f"{count} rows are of the method {method!r} and the task {task!r}"
    for task in result.tasks:
        yield from _faults_of_scores(result, task)
    known = {(row.task, row.method) for row in own}
    for pair in result.pairs:
        if not {(pair.task, pair.a), (pair.task, pair.b)} <= known:
            yield f"a pair compares {pair.a!r} with {pair.b!r} on {pair.task!r}, and one of them has no row"


def _faults_of_scores(result: Result, task: str) -> Iterator[str]:
    for metric in result.metrics_of(task):
        scores = scores_of(result, task, metric)
        if len({score.better for score in scores.values()}) > 1:
            yield f"{metric!r} is better when higher in some rows of {task!r}, and when lower in others"
        for row, score in scores.items():
            rivals = {other: rival for other, rival in scores.items() if alike(score, rival)}
            if score.best and any(rival.better_than(score) for rival in rivals.values()):
                yield f"{row!r} is marked as best of {task!r} by {metric!r}, and another is better"


def scores_of(result: Result, task: str, metric: str) -> Mapping[str, RowScore]:
    """By method, what was scored here: without what others have published."""
    rows = [row for row in result.rows_of(task) if row.kind != "published"]
    return {row.method: row.scores[metric] for row in rows if metric in row.scores}
