"""A bench or a run on disk, as scores image by image."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from spectra.bench.results.file import BENCH_FILE, read_result
from spectra.bench.results.image_scores import SCORES_FILE, read_image_scores
from spectra.bench.results.image_scores import ImageScores as Line
from spectra.bench.results.row import RowScore
from spectra.bench.statistics.images import ImageScores
from spectra.errors import SpectraError

METRICS_FILE, ENVIRONMENT_FILE = "metrics.json", "environment.json"
Lines = Sequence[Line]


@dataclass(frozen=True)
class MethodScores:
    """What one method scored on one task."""

    scores: Mapping[str, RowScore]
    lines: Lines
    """All its images, of one seed after the other."""

    @property
    def seeds(self) -> list[int | None]:
        return list(dict.fromkeys(line.seed for line in self.lines))

    @cached_property
    def groups(self) -> dict[str, str]:
        """Of each image its group; empty where nobody knows."""
        return {line.image: line.group for line in self.lines}

    def images(self, metric: str, groups: Mapping[str, str]) -> ImageScores:
        """Image by image, in these groups; whoever is in none stands alone."""
        values = {(line.seed, line.image): line.scores.get(metric) for line in self.lines}
        table = [[values.get((seed, name)) for name in self.groups] for seed in self.seeds]
        return ImageScores(list(self.groups), [groups.get(name, "") for name in self.groups], table)


@dataclass(frozen=True)
class TaskScores:
    """What all methods scored on one task, and on what."""

    methods: Mapping[str, MethodScores]
    identity: str | None
    """Of the test data; None where it was not written down."""
    scale: str | None
    """Of the target: scores in its unit depend on it."""


@dataclass(frozen=True)
class ScoresFolder:
    """One side of a comparison."""

    path: Path
    kind: str
    tasks: Mapping[str, TaskScores]


def read_folder(path: Path) -> ScoresFolder:
    """The bench or the run in this folder."""
    if (path / BENCH_FILE).is_file():
        return ScoresFolder(path, "bench", _of_bench(path))
    if (path / METRICS_FILE).is_file():
        return ScoresFolder(path, "run", _of_run(path))
    what = f"holds neither {BENCH_FILE} nor {METRICS_FILE}" if path.is_dir() else "is no folder"
    raise SpectraError(f"{str(path)!r} {what}. Name the folder of a bench or of a finished run.")


def _of_bench(path: Path) -> dict[str, TaskScores]:
    result, lines = read_result(path), _by_method(read_image_scores(path))
    found = {}
    for task, protocol in result.protocol.tasks.items():
        rows = [row for row in result.rows_of(task) if row.kind != "published" and row.scores]
        methods = {row.method: MethodScores(row.scores, lines.get((task, row.method), [])) for row in rows}
        found[task] = TaskScores(methods, protocol.data.identity, protocol.scales.get("target"))
    return found


def _by_method(lines: Iterable[Line]) -> dict[tuple[str, str], list[Line]]:
    found: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        found.setdefault((line.task, line.method), []).append(line)
    return found


def _of_run(path: Path) -> dict[str, TaskScores]:
    try:
        metrics, environment = (_json(path / name) for name in (METRICS_FILE, ENVIRONMENT_FILE))
        task = metrics["task"]
        lines = _by_method(_lines(path, task))
        methods = {
            name: MethodScores(_scores(said["scores"]), lines.get((task, name), []))
            for name, said in metrics["methods"].items()
        }
        identity = sha256(environment["data"]["test"].encode()).hexdigest()  # as a bench writes it down
        return {task: TaskScores(methods, identity, metrics["scales"]["target"])}
    except OSError as why:
        raise SpectraError(f"{why.filename!r} cannot be read: {why.strerror}. Carry out the run again.") from None
    except (ValueError, KeyError, TypeError, AttributeError, csv.Error) as why:
        told = str(why).splitlines()[0] if isinstance(why, ValidationError) else f"{type(why).__name__}: {why}"
        raise SpectraError(f"The run {str(path)!r} is damaged: {told}. Carry it out again with --fresh.") from None


def _json(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def _scores(said: Mapping[str, Any]) -> dict[str, RowScore]:
    return {name: RowScore.model_validate(score) for name, score in said.items()}


def _lines(path: Path, task: str) -> Iterator[Line]:
    """The table of a run knows no seeds, and one of an older Spectra no groups."""
    text = (path / SCORES_FILE).read_text(encoding="utf-8")
    for row in csv.DictReader(io.StringIO(text, newline=""), strict=True):
        method, image = row.pop("method"), row.pop("image")
        group = row.pop("group", "")
        yield Line(task, method, None, image, group, {name: _value(said) for name, said in row.items()})


def _value(text: str) -> float | None:
    value = float(text) if text else None
    if value is not None and not math.isfinite(value):
        raise ValueError(f"{text} is no score")
    return value
