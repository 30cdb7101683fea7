"""`report.html` of a run: a bench of one method beside the floors, and how its training went."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spectra.bench import table
from spectra.bench.curves import logs_in, training_charts, warnings_in
from spectra.bench.page.board import Board, board_of, ranked
from spectra.bench.page.contents import Row, image_scores
from spectra.bench.page.drawing import series
from spectra.bench.page.site import render
from spectra.bench.page.spread import Spread, spreads
from spectra.bench.page.words import task_title
from spectra.bench.pictures import shown_samples
from spectra.bench.validation_sheets import sheets_of
from spectra.bench.verdict import verdicts
from spectra.data.atomic import write_text


@dataclass(frozen=True)
class Bar:
    """Where a mean and its interval lie on a line that all methods share, in per cent of its length."""

    low: float
    mean: float
    high: float


def write_report(folder: Path, training: Path | None = None) -> None:
    """Build the page of a run folder from its files alone; ``training``: where its logs are, while not yet within."""
    write_text(folder / "report.html", report(folder, training))


def report(folder: Path, training: Path | None = None) -> str:
    logs = logs_in(training or folder / "training")
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    own = [name for name, said in metrics["methods"].items() if not said["floor"]]
    samples, more = shown_samples(folder, own)
    rows = rows_of(metrics)
    board = board_of(rows)
    return render(
        "report.html",
        title=metrics["recipe"],
        contents=_contents(bool(samples), bool(logs)),
        metrics=metrics,
        task=task_title(metrics["task"]),
        notes=table.notes_of(metrics),
        names=table.metrics_of(metrics),
        own=own,
        verdicts=verdicts(metrics),
        board=board,
        bars=bars_of(metrics),
        spreads=_spreads(folder, rows, board),
        training=[(row, training_charts(log), warnings_in(log)) for row, log in logs.items()],
        sheets=sheets_of(logs),
        samples=samples,
        more_samples=more,
        recipe=(folder / "recipe.yaml").read_text(encoding="utf-8"),
        environment=json.loads((folder / "environment.json").read_text(encoding="utf-8")),
    )


def rows_of(metrics: Mapping[str, Any]) -> list[Row]:
    """The methods of a run as a bench would list them."""
    best = best_of(metrics)
    return [
        {
            "method": method,
            "task": metrics["task"],
            "kind": "floor" if said["floor"] else "recipe",
            "scores": {name: {**score, "best": best.get(name) == method} for name, score in said["scores"].items()},
            "notes": [],
            "error": None,
        }
        for method, said in metrics["methods"].items()
    ]


def _contents(samples: bool, training: bool) -> list[tuple[str, str]]:
    parts = [("scores", "Scores", True), ("samples", "Samples", samples), ("training", "Training", training)]
    return [(anchor, words) for anchor, words, there in (*parts, ("again", "The same again", True)) if there]


def _spreads(folder: Path, rows: list[Row], board: Board) -> list[Spread]:
    """Of the methods in the order of the table."""
    ordered = ranked(rows, board.columns)
    scores = image_scores(folder / "scores.csv").get("", {})
    return spreads(ordered, board.columns, scores, series([(row["method"], row["kind"]) for row in ordered]))


def bars_of(metrics: Mapping[str, Any]) -> dict[str, dict[str, Bar]]:
    """For each metric and method its interval, on an axis that spans all methods."""
    found: dict[str, dict[str, Bar]] = {}
    for name in table.metrics_of(metrics):
        scores = {method: said["scores"][name] for method, said in table.ranked(metrics)}
        ends = [score[end] for score in scores.values() for end in ("low", "mean", "high") if score[end] is not None]
        if ends:
            found[name] = {
                method: _bar(score, min(ends), max(ends))
                for method, score in scores.items()
                if score["mean"] is not None
            }
    return found


def best_of(metrics: Mapping[str, Any]) -> dict[str, str]:
    """For each metric the method with the best mean; none where nothing was scored."""
    found = {}
    for name in table.metrics_of(metrics):
        scored = {m: said["scores"][name] for m, said in metrics["methods"].items()}
        means = {method: score["mean"] for method, score in scored.items() if score["mean"] is not None}
        if means:
            choose = max if next(iter(scored.values()))["better"] == "higher" else min
            found[name] = choose(means, key=lambda method: means[method])
    return found


def _bar(score: Mapping[str, Any], least: float, most: float) -> Bar:
    span = (most - least) or 1.0
    low, mean, high = (score["mean"] if score[end] is None else score[end] for end in ("low", "mean", "high"))
    return Bar(*(round(100 * (value - least) / span, 2) for value in (low, mean, high)))
