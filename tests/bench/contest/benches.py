"""Benches in a few seconds, and what they left."""

from __future__ import annotations

import csv
import json
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from spectra.bench.contest import bench as benching
from spectra.bench.contest import steward as stewards
from spectra.bench.contest import worker
from spectra.bench.contest.attempt import Failure, attempt
from spectra.bench.contest.bench import Bench, bench, plan
from spectra.bench.contest.budget import Budget
from spectra.bench.contest.channel import Channel
from spectra.bench.contest.contest import data_of
from spectra.bench.contest.options import BenchOptions
from spectra.bench.contest.request import Request
from spectra.bench.counted import Told
from spectra.errors import SpectraError
from tests.pair_folders import tree

TIMES = ("finished", "command")


def options(*methods: str, **said: Any) -> BenchOptions:
    """Without what it costs, which takes longest."""
    if isinstance(said.get("budget"), str):
        said["budget"] = Budget.parse(said["budget"])
    return BenchOptions(methods, **{"tasks": ("rgb2ir",), "metrics": ("psnr", "mae"), "cost": False, **said})


class Heard(Channel):
    """The channel of a worker that is no process."""

    def __init__(self, told: Told, said: Callable[[str], None]) -> None:
        self.told, self.said = told, said  # type: ignore[method-assign]


def attempt_here(request: Request, memory: int | None, told: Told, said: Callable[[str], None]) -> Failure | None:
    """What a worker does, but in this process: to start one takes seconds, and who does nothing wrong needs none."""
    try:
        with torch.random.fork_rng([]):
            worker.carry_out(Request.model_validate_json(request.model_dump_json()), Heard(told, said))
    except (SpectraError, OSError) as why:
        return Failure(str(why))
    except Exception as why:  # a plugin may raise anything
        return Failure(f"{type(why).__name__}: {why}", traceback.format_exc())
    return None


def carry_out(folder: Path, *methods: str, heard: list[str] | None = None, apart: bool = False, **said: Any) -> Bench:
    """Without page and pictures, which have tests of their own. ``apart``: each method in a process of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(benching, "write_page", lambda folder: folder)
        patch.setattr(benching, "write_gallery", lambda *words: None)
        if stewards.attempt is attempt and not apart:
            patch.setattr(stewards, "attempt", attempt_here)
        return bench(options(*methods, **said), folder, said=[].append if heard is None else heard.append)


def asked(patch: pytest.MonkeyPatch, *, apart: bool = False) -> list[str]:
    """The names of those that will be carried out."""
    names: list[str] = []
    true = attempt if apart else attempt_here

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
