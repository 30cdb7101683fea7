"""Benches in a few seconds, and what they left."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from spectra.bench.contest.bench import Bench, bench
from spectra.bench.contest.budget import Budget
from spectra.bench.contest.options import BenchOptions
from spectra.errors import SpectraError
from tests.pair_folders import tree

TIMES = ("finished", "command")


def options(*methods: str, **said: Any) -> BenchOptions:
    """Without what it costs, which takes longest."""
    if isinstance(said.get("budget"), str):
        said["budget"] = Budget.parse(said["budget"])
    return BenchOptions(methods, **{"tasks": ("rgb2ir",), "metrics": ("psnr", "mae"), "cost": False, **said})


def carry_out(folder: Path, *methods: str, **said: Any) -> Bench:
    return bench(options(*methods, **said), folder)


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
