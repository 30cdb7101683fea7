"""What a page is made of: read from the files of a bench folder, or of a run folder, which is a bench of one method."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

from spectra.bench.gallery import FILE, FOLDER
from spectra.bench.results.file import read_result
from spectra.errors import SpectraError

Row = Mapping[str, Any]
"""One of `rows` of `bench.json`."""
Scores = Mapping[str, Mapping[str, list[float]]]
"""By metric and method: the scores of single images, those without one left out."""
ABOUT = ("task", "method", "seed", "image", "group")
"""The columns of `scores.csv` that are no metric."""


@dataclass(frozen=True)
class Contents:
    """All that is said of the methods."""

    protocol: Mapping[str, Any]
    rows: Sequence[Row]
    pairs: Sequence[Mapping[str, Any]]
    images: Mapping[str, Scores]
    """By task."""
    galleries: Mapping[str, tuple[Path, Mapping[str, Any]]]
    """By task: where the pictures lie, and `gallery.json`."""
    copies: Mapping[str, str]
    """Tables to paste, by the name of their language."""
    combined: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By method: one score over all tasks, where the bench has one."""

    @property
    def tasks(self) -> list[str]:
        return list(dict.fromkeys([*self.protocol["tasks"], *(row["task"] for row in self.rows)]))

    def rows_of(self, task: str) -> list[Row]:
        return [row for row in self.rows if row["task"] == task]


def bench_contents(folder: Path) -> Contents:
    """Of a folder that a bench wrote."""
    said = read_result(folder).model_dump(mode="json")
    try:
        return Contents(
            said["protocol"],
            said["rows"],
            said["pairs"],
            image_scores(folder / "scores.csv"),
            galleries_in(folder),
            _copies(folder),
            said["combined"],
        )
    except (OSError, ValueError, KeyError, TypeError) as why:
        raise SpectraError(f"{str(folder)!r} is not a folder that a bench wrote, or is damaged: {why!r}.") from None


def image_scores(path: Path, task: str = "") -> dict[str, Scores]:
    """By task, metric and method, each image once: of several seeds their mean. A table without tasks, as a run writes
    it, is all of `task`."""
    found: dict[str, dict[str, dict[str, dict[str, list[float]]]]] = {}
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for metric, text in row.items():
                if metric not in ABOUT and text and math.isfinite(value := float(text)):
                    by_method = found.setdefault(row.get("task", task), {}).setdefault(metric, {})
                    by_method.setdefault(row["method"], {}).setdefault(row["image"], []).append(value)
    return {name: _over_seeds(metrics) for name, metrics in found.items()}


def _over_seeds(metrics: Mapping[str, Mapping[str, Mapping[str, Sequence[float]]]]) -> Scores:
    return {
        metric: {method: [fmean(values) for values in images.values()] for method, images in by_method.items()}
        for metric, by_method in metrics.items()
    }


def galleries_in(folder: Path) -> dict[str, tuple[Path, Mapping[str, Any]]]:
    """By task: where the pictures lie, and `gallery.json`."""
    found = {}
    for path in sorted((folder / FOLDER).glob(f"*/{FILE}")):
        said = json.loads(path.read_text(encoding="utf-8"))
        found[said["task"]] = (path.parent, said)
    return found


def _copies(folder: Path) -> dict[str, str]:
    named = {"Markdown": folder / "table.md", "LaTeX": folder / "table.tex"}
    return {name: path.read_text(encoding="utf-8") for name, path in named.items() if path.is_file()}
