"""`report.html`: the run on one page, with pictures, needing no network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from spectra.bench import table
from spectra.bench.pictures import shown_samples
from spectra.bench.samples import HEAT, WORST_SHOWN
from spectra.data.atomic import write_text


@dataclass(frozen=True)
class Bar:
    """Where a mean and its interval lie on a line that all methods share, in per cent of its length."""

    low: float
    mean: float
    high: float


def write_report(folder: Path) -> None:
    """Build the page of a run folder from its files alone."""
    write_text(folder / "report.html", report(folder))


def report(folder: Path) -> str:
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    own = [name for name, said in metrics["methods"].items() if not said["floor"]]
    samples, more = shown_samples(folder, own)
    loader = PackageLoader("spectra.bench")
    page = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return page.get_template("report.html").render(
        metrics=metrics,
        table=table,
        names=table.metrics_of(metrics),
        places={name: table.decimals(metrics, name) for name in table.metrics_of(metrics)},
        own=own,
        verdicts=verdicts(metrics),
        bars=bars_of(metrics),
        best=best_of(metrics),
        samples=samples,
        more_samples=more,
        heat=HEAT,
        worst=WORST_SHOWN,
        recipe=(folder / "recipe.yaml").read_text(encoding="utf-8"),
        environment=json.loads((folder / "environment.json").read_text(encoding="utf-8")),
    )


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


def verdicts(metrics: Mapping[str, Any]) -> list[str]:
    """Where each method stands against the best floor, by the first metric."""
    names = table.metrics_of(metrics)
    scored = [entry for entry in table.ranked(metrics) if names and entry[1]["scores"][names[0]]["mean"] is not None]
    floor = next((entry for entry in scored if entry[1]["floor"]), None)
    if floor is None:
        return []
    return [_verdict(method, said, *floor, names[0]) for method, said in scored if not said["floor"]]


def _verdict(method: str, said: Mapping[str, Any], floor: str, floor_said: Mapping[str, Any], name: str) -> str:
    score, bound = said["scores"][name], floor_said["scores"][name]
    higher = score["better"] == "higher"
    better = score["mean"] > bound["mean"] if higher else score["mean"] < bound["mean"]
    clearly = _apart(score, bound) if higher else _apart(bound, score)
    how = "no better than" if not better else "better than" if clearly else "better, but not clearly so, than"
    return f"{method} reaches {name} {score['mean']:.4g} {score['unit']}".rstrip() + (
        f": {how} the best floor, {floor}, at {bound['mean']:.4g}."
    )


def _apart(above: Mapping[str, Any], below: Mapping[str, Any]) -> bool:
    """Whether the two intervals do not touch."""
    return None not in (above["low"], below["high"]) and bool(above["low"] > below["high"])


def _bar(score: Mapping[str, Any], least: float, most: float) -> Bar:
    span = (most - least) or 1.0
    low, mean, high = (score["mean"] if score[end] is None else score[end] for end in ("low", "mean", "high"))
    return Bar(*(round(100 * (value - least) / span, 2) for value in (low, mean, high)))
