"""`report.html` of a run: a bench of one method beside the floors, and how its training went."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spectra.bench import table
from spectra.bench.curves import logs_in, training_charts, warnings_in
from spectra.bench.page.album import MOST_BYTES, Album, albums
from spectra.bench.page.board import Board, board_of, ranked
from spectra.bench.page.contents import Row, galleries_in, image_scores
from spectra.bench.page.drawing import series
from spectra.bench.page.paired import comparisons
from spectra.bench.page.run_rows import run_rows
from spectra.bench.page.site import render
from spectra.bench.page.spread import Spread, spreads
from spectra.bench.page.words import task_title, verdict
from spectra.bench.pictures import shown_samples
from spectra.bench.statistics.reach import LEVEL
from spectra.bench.validation_sheets import sheets_of
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


def verdict_of(folder: Path) -> str:
    """Where the run's method stands against the best floor: the sentence of its page."""
    rows, pairs = run_rows(folder, json.loads((folder / "metrics.json").read_text(encoding="utf-8")))
    return verdict(rows, board_of(rows), pairs, LEVEL)


def report(folder: Path, training: Path | None = None) -> str:
    logs = logs_in(training or folder / "training")
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    rows, pairs = run_rows(folder, metrics)
    board = board_of(rows)
    ordered, drawn = ranked(rows, board.columns), _spreads(folder, rows, board)
    album, stored = _album(folder, metrics["task"], MOST_BYTES - sum(len(one.svg) for one in drawn))
    samples, more = shown_samples(folder, _own(metrics)) if album is None else ([], 0)
    return render(
        "report.html",
        title=metrics["recipe"],
        contents=_contents(bool(album or samples), bool(logs)),
        metrics=metrics,
        task=task_title(metrics["task"]),
        notes=table.notes_of(metrics),
        names=table.metrics_of(metrics),
        own=_own(metrics),
        verdict=verdict(rows, board, pairs, LEVEL),
        board=board,
        bars=bars_of(metrics),
        spreads=drawn,
        comparisons=comparisons(pairs, ordered, board.columns, LEVEL),
        training=[(row, training_charts(log), warnings_in(log)) for row, log in logs.items()],
        sheets=sheets_of(logs),
        album=album,
        stored=stored,
        samples=samples,
        more_samples=more,
        recipe=(folder / "recipe.yaml").read_text(encoding="utf-8"),
        environment=json.loads((folder / "environment.json").read_text(encoding="utf-8")),
    )


def _own(metrics: Mapping[str, Any]) -> list[str]:
    return [name for name, said in metrics["methods"].items() if not said["floor"]]


def _album(folder: Path, task: str, room: int) -> tuple[Album | None, str]:
    """The gallery, and how its pictures are stored; a run of an older Spectra has none."""
    pictures, stored = albums(galleries_in(folder), room)
    return pictures.get(task), stored


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


def _bar(score: Mapping[str, Any], least: float, most: float) -> Bar:
    span = (most - least) or 1.0
    low, mean, high = (score["mean"] if score[end] is None else score[end] for end in ("low", "mean", "high"))
    return Bar(*(round(100 * (value - least) / span, 2) for value in (low, mean, high)))
