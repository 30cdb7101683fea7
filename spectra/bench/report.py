"""`report.html`: the run on one page, with pictures, needing no network."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from spectra.bench.samples import HEAT, WORST_SHOWN
from spectra.bench.table import rows_of
from spectra.data.atomic import write_text

WIDTH = 220.0


@dataclass(frozen=True)
class Bar:
    """Where an interval lies on a line of ``WIDTH`` units that all methods share."""

    low: float
    mean: float
    high: float


def write_report(folder: Path) -> None:
    """Build the page of a run folder from its files alone."""
    write_text(folder / "report.html", report(folder))


def report(folder: Path) -> str:
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    header, cells = rows_of(metrics)
    page = Environment(loader=PackageLoader("spectra.bench"), autoescape=True, undefined=StrictUndefined).get_template(
        "report.html"
    )
    return page.render(
        metrics=metrics,
        header=header,
        cells=cells,
        bars=bars_of(metrics),
        width=WIDTH,
        samples=_samples(folder / "samples"),
        heat=HEAT,
        worst=WORST_SHOWN,
        recipe=(folder / "recipe.yaml").read_text(encoding="utf-8"),
        environment=json.loads((folder / "environment.json").read_text(encoding="utf-8")),
    )


def bars_of(metrics: dict[str, Any]) -> dict[str, dict[str, Bar]]:
    """For each metric and method its interval, on an axis that spans all methods."""
    names = list(next(iter(metrics["methods"].values()))["scores"])
    found: dict[str, dict[str, Bar]] = {}
    for name in names:
        scores = {method: said["scores"][name] for method, said in metrics["methods"].items()}
        ends = [score[end] for score in scores.values() for end in ("low", "mean", "high") if score[end] is not None]
        if ends:
            found[name] = {
                method: _bar(score, min(ends), max(ends))
                for method, score in scores.items()
                if score["mean"] is not None
            }
    return found


def _bar(score: dict[str, Any], least: float, most: float) -> Bar:
    span = (most - least) or 1.0
    low, mean, high = (score["mean"] if score[end] is None else score[end] for end in ("low", "mean", "high"))
    return Bar(*(WIDTH * (value - least) / span for value in (low, mean, high)))


def _samples(folder: Path) -> list[tuple[str, str]]:
    return [
        (path.stem, f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}")
        for path in sorted(folder.glob("*.png"))
    ]
