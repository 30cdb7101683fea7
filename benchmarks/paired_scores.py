"""Two methods of one run, image by image: the mean of the differences, how sure it is, and which images stand out.

python benchmarks/paired_scores.py RUN [--against FLOOR]

The interval is BCa, over images, each of which counts alone: pictures of one scene or place are not taken together. Of
several such pictures it is therefore too narrow.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from spectra.metrics.intervals import bootstrap_interval

Scores = Mapping[str, Mapping[str, Mapping[str, float]]]
"""By method, image and metric."""


@dataclass(frozen=True)
class Difference:
    """Of one method from another, in one metric."""

    metric: str
    other: str
    mean: float
    low: float | None
    high: float | None
    better: int
    """On how many of the images it is the better one."""
    count: int

    def __str__(self) -> str:
        span = "" if self.low is None else f" [{self.low:.3f}, {self.high:.3f}]"
        return f"| {self.metric} | {self.other} | {self.mean:+.3f}{span} | {self.better} of {self.count} |"


HEAD = "| metric | against | mean difference [95 % interval] | better on |\n|---|---|---|---|"


def scores_in(run: Path) -> Scores:
    found: dict[str, dict[str, dict[str, float]]] = {}
    with (run / "scores.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            method, image = row.pop("method"), row.pop("image")
            found.setdefault(method, {})[image] = {name: float(text) for name, text in row.items() if text}
    return found


def metrics_in(run: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    return found


def difference(
    metric: str,
    better: str,
    one: Mapping[str, Mapping[str, float]],
    other: Mapping[str, Mapping[str, float]],
    name: str,
) -> Difference:
    """Over the images that both have a score of; the two must have been scored on the same ones."""
    if one.keys() != other.keys():
        raise SystemExit(f"{name} was scored on other images: nothing can be compared.")
    found = [
        one[image][metric] - other[image][metric] for image in one if metric in one[image] and metric in other[image]
    ]
    if not found:
        raise SystemExit(f"There is no image that both have the metric {metric} of.")
    wins = sum(value > 0 if better == "higher" else value < 0 for value in found)
    return Difference(metric, name, fmean(found), *bootstrap_interval(found), wins, len(found))


def against_best_floor(run: Path, method: str) -> list[Difference]:
    """In each metric against the floor that is best in it."""
    said, scores = metrics_in(run)["methods"], scores_in(run)
    found = []
    for metric, score in said[method]["scores"].items():
        sign = 1 if score["better"] == "higher" else -1
        floors = {n: f["scores"][metric]["mean"] for n, f in said.items() if f["floor"]}
        ranked = [name for name in floors if floors[name] is not None]
        if ranked and score["mean"] is not None:
            best = max(ranked, key=lambda name: sign * floors[name])
            found.append(difference(metric, score["better"], scores[method], scores[best], best))
    return found


def between(run: Path, other: Path, method: str) -> list[Difference]:
    """Of the same method in two runs."""
    said, ours, theirs = metrics_in(run)["methods"][method]["scores"], scores_in(run)[method], scores_in(other)[method]
    return [difference(metric, score["better"], ours, theirs, other.name) for metric, score in said.items()]


def standing_out(run: Path, method: str, metric: str = "psnr") -> str:
    """The best, the median and the worst image of a method."""
    better = metrics_in(run)["methods"][method]["scores"][metric]["better"]
    scores = {image: found[metric] for image, found in scores_in(run)[method].items() if metric in found}
    ranked = sorted(scores, key=lambda image: scores[image], reverse=better == "higher")
    places = {"best": 0, "median": len(ranked) // 2, "worst": -1}
    return ", ".join(f"{word}: `{ranked[place]}` ({scores[ranked[place]]:.2f})" for word, place in places.items())


def table(differences: Sequence[Difference]) -> str:
    return "\n".join([HEAD, *map(str, differences)])


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("run", type=Path)
    words.add_argument("--against", type=Path, metavar="RUN", help="another run of the same method and test images")
    asked = words.parse_args()
    method = next(name for name, said in metrics_in(asked.run)["methods"].items() if not said["floor"])
    found = between(asked.run, asked.against, method) if asked.against else against_best_floor(asked.run, method)
    print(table(found), f"\n{standing_out(asked.run, method)}")


if __name__ == "__main__":
    main()
