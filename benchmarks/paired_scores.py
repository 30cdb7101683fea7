"""Two methods of one run, image by image: the mean of the differences, how sure it is, and which images stand out.

python benchmarks/paired_scores.py RUN [--against RUN]

Interval and test are those of `spectra compare`. A run knows no groups of images, so each counts alone: of several
pictures of one place the interval is too narrow. Metrics of whole sets are left out.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spectra.bench.statistics.folders import MethodScores, TaskScores, read_folder
from spectra.bench.statistics.images import ImageScores
from spectra.bench.statistics.pairs import paired


@dataclass(frozen=True)
class Difference:
    """Of one method from another, in one metric."""

    metric: str
    other: str
    mean: float
    low: float | None
    high: float | None
    p: float
    better: int
    """On how many of the images it is the better one."""
    count: int

    def __str__(self) -> str:
        span = "" if self.low is None else f" [{self.low:.3f}, {self.high:.3f}]"
        wins = f"{self.better} of {self.count}"
        return f"| {self.metric} | {self.other} | {self.mean:+.3f}{span} | {self.p:.4f} | {wins} |"


HEAD = "| metric | against | mean difference [95 % interval] | p | better on |\n|---|---|---|---|---|"


def metrics_in(run: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    return found


def task_in(run: Path) -> TaskScores:
    """What its methods scored on its only task."""
    tasks = list(read_folder(run).tasks.values())
    if len(tasks) > 1:
        raise SystemExit(f"{run} holds {len(tasks)} tasks: see `spectra compare`.")
    return tasks[0]


def difference(metric: str, one: MethodScores, other: MethodScores, name: str) -> Difference:
    """Over the images that both have a score of; the two must have been scored on the same ones."""
    if one.groups != other.groups:
        raise SystemExit(f"{name} was scored on other images: nothing can be compared.")
    ours, theirs = (side.images(metric, one.groups) for side in (one, other))
    (found,) = paired({"one": ours, "other": theirs}, metric=metric)
    if found.difference is None or found.p is None:
        raise SystemExit(f"There is no image that both have the metric {metric} of.")
    wins = _wins(ours, theirs, 1 if one.scores[metric].better == "higher" else -1)
    return Difference(metric, name, found.difference, found.low, found.high, found.p, wins, found.n)


def _wins(ours: ImageScores, theirs: ImageScores, sign: int) -> int:
    each = zip(ours.mean().values[0], theirs.mean().values[0], strict=True)
    return sum(sign * (one - other) > 0 for one, other in each if one is not None and other is not None)


def metrics_of(method: MethodScores) -> list[str]:
    """Those that single images have a score of."""
    return [name for name in method.scores if any(line.scores.get(name) is not None for line in method.lines)]


def against_best_floor(run: Path, method: str) -> list[Difference]:
    """In each metric against the floor that is best in it."""
    methods = task_in(run).methods
    floors = [name for name, said in metrics_in(run)["methods"].items() if said["floor"]]
    found = []
    for metric in metrics_of(methods[method]):
        sign = 1 if methods[method].scores[metric].better == "higher" else -1
        means = {name: methods[name].scores[metric].mean for name in floors}
        ranked = {name: sign * mean for name, mean in means.items() if mean is not None}
        if ranked:
            best = max(ranked, key=lambda name: ranked[name])
            found.append(difference(metric, methods[method], methods[best], best))
    return found


def between(run: Path, other: Path, method: str) -> list[Difference]:
    """Of the same method in two runs."""
    ours, theirs = (task_in(folder).methods[method] for folder in (run, other))
    return [difference(metric, ours, theirs, other.name) for metric in metrics_of(ours)]


def standing_out(run: Path, method: str, metric: str = "psnr") -> str:
    """The best, the median and the worst image of a method."""
    found = task_in(run).methods[method]
    scores = {line.image: value for line in found.lines if (value := line.scores.get(metric)) is not None}
    ranked = sorted(scores, key=lambda image: scores[image], reverse=found.scores[metric].better == "higher")
    places = {"best": 0, "median": len(ranked) // 2, "worst": -1}
    return ", ".join(f"{word}: `{ranked[place]}` ({scores[ranked[place]]:.2f})" for word, place in places.items())


def table(differences: Sequence[Difference]) -> str:
    return "\n".join([HEAD, *map(str, differences)])


def first_method(said: Mapping[str, Any]) -> str:
    names = [name for name, row in said["methods"].items() if not row["floor"]]
    return str(names[0])


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("run", type=Path)
    words.add_argument("--against", type=Path, metavar="RUN", help="another run of the same method and test images")
    asked = words.parse_args()
    method = first_method(metrics_in(asked.run))
    found = between(asked.run, asked.against, method) if asked.against else against_best_floor(asked.run, method)
    print(table(found), f"\n{standing_out(asked.run, method)}")


if __name__ == "__main__":
    main()
