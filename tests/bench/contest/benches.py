"""Benches in a few seconds, and what they left."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from spectra.bench.contest import bench as benching
from spectra.bench.contest import steward as stewards
from spectra.bench.contest.bench import Bench, bench, plan
from spectra.bench.contest.budget import Budget
from spectra.bench.contest.contest import data_of
from spectra.bench.contest.options import BenchOptions
from spectra.bench.contest.request import Request
from spectra.errors import SpectraError
from tests.pair_folders import tree

TIMES = ("finished", "command")


def options(*methods: str, **said: Any) -> BenchOptions:
    """Without what it costs, which takes longest."""
    if isinstance(said.get("budget"), str):
        said["budget"] = Budget.parse(said["budget"])
    return BenchOptions(methods, **{"tasks": ("rgb2ir",), "metrics": ("psnr", "mae"), "cost": False, **said})


def carry_out(folder: Path, *methods: str, heard: list[str] | None = None, **said: Any) -> Bench:
    """Without page and pictures, which have tests of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(benching, "write_page", lambda folder: folder)
        patch.setattr(benching, "write_gallery", lambda *words: None)
        return bench(options(*methods, **said), folder, said=[].append if heard is None else heard.append)


def asked(patch: pytest.MonkeyPatch) -> list[str]:
    """The names of those that will be carried out."""
    names: list[str] = []
    true = stewards.attempt

    def noted(request: Request, *words: Any) -> Any:
        names.append(request.name)
        return true(request, *words)

    patch.setattr(stewards, "attempt", noted)
    return names


def ids(*methods: str, **said: Any) -> list[str]:
    """By what all that enter would be kept, though nothing is carried out."""
    planned = plan(options(*methods, **said), "nowhere")
    steward, found = stewards.Steward(planned.options, Path("nowhere")), []
    for it in planned.tasks:
        contest = steward.contest(it.judge, it.trials)
        for entry in contest.entries:
            trials = [entry.trial.with_seed(seed) for seed in entry.seeds]
            found += [steward._kept(one, contest, data_of(one.recipe, contest)).id for one in trials]
    return found


def rows(done: Bench) -> dict[str, dict[str, Any]]:
    """Those of `bench.json` by their methods."""
    found: list[dict[str, Any]] = json.loads(done.text)["rows"]
    return {row["method"]: row for row in found}


def mean(done: Bench, method: str, metric: str = "psnr") -> float:
    value = rows(done)[method]["scores"][metric]["mean"]
    assert isinstance(value, float)
    return value


def image_scores(done: Bench, method: str, metric: str = "psnr") -> dict[str, float]:
    with (done.folder / "scores.csv").open(encoding="utf-8", newline="") as file:
        return {row["image"]: float(row[metric]) for row in csv.DictReader(file) if row["method"] == method}


def timeless(folder: Path) -> dict[str, bytes | None]:
    """All that a bench wrote but what it kept, without when and with what command."""
    said = json.loads((folder / "bench.json").read_text("utf-8"))
    for word in TIMES:
        del said["protocol"][word]
    found = {name: held for name, held in tree(folder).items() if not name.startswith("kept") and name != "report.html"}
    return {**found, "bench.json": json.dumps(said).encode()}


def fault(folder: Path, *methods: str, **said: Any) -> str:
    with pytest.raises(SpectraError) as caught:
        carry_out(folder, *methods, **said)
    return str(caught.value)
