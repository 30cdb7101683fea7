"""A run as a bench of one recipe: its rows with best and ties marked, and who differs from whom."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spectra.bench.page.contents import Row
from spectra.bench.results.row import RowScore
from spectra.bench.statistics.folders import MethodScores, read_folder
from spectra.bench.statistics.marks import comparable, marks
from spectra.bench.statistics.pairs import PairResult, paired

Methods = Mapping[str, MethodScores]


def run_rows(folder: Path, metrics: Mapping[str, Any]) -> tuple[list[Row], list[Mapping[str, Any]]]:
    """From the files of a run folder: what a bench would have as its rows and pairs."""
    task = metrics["task"]
    methods = read_folder(folder).tasks[task].methods
    marked: dict[str, Mapping[str, tuple[bool, bool]]] = {}
    pairs: list[Mapping[str, Any]] = []
    for metric in dict.fromkeys(name for one in methods.values() for name in one.scores):
        tested, marked[metric] = _metric(task, metric, methods)
        pairs += [pair.described() for pair in tested]
    return [_row(name, metrics, marked) for name in metrics["methods"]], pairs


def _metric(task: str, metric: str, methods: Methods) -> tuple[list[PairResult], Mapping[str, tuple[bool, bool]]]:
    scores = {name: one.scores[metric] for name, one in methods.items() if metric in one.scores}
    alike = comparable({name: score.signature for name, score in scores.items()})
    tested = _tested(task, metric, {name: methods[name] for name in alike}, scores)
    means = {name: scores[name].mean for name in alike}
    return tested, marks(means, next(iter(scores.values())).better, tested)


def _tested(task: str, metric: str, methods: Methods, scores: Mapping[str, RowScore]) -> list[PairResult]:
    """Those whose score is the mean of its images."""
    images = {name: one.images(metric, one.groups) for name, one in methods.items()}
    known = {name: one for name, one in images.items() if one.has_mean(scores[name].mean)}
    return paired(known, task=task, metric=metric) if len(known) > 1 else []


def _row(name: str, metrics: Mapping[str, Any], marked: Mapping[str, Mapping[str, tuple[bool, bool]]]) -> Row:
    said = metrics["methods"][name]
    scores = {}
    for metric, score in said["scores"].items():
        best, tied = marked[metric].get(name, (False, False))
        scores[metric] = {**score, "best": best, "tied": tied}
    kind = "floor" if said["floor"] else "recipe"
    return {"method": name, "task": metrics["task"], "kind": kind, "scores": scores, "notes": [], "error": None}
