"""What a run left, and the words it failed with, for tests that carry out runs."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from spectra.bench.run import run
from spectra.errors import SpectraError
from spectra.training.watch.journal import TIMES
from tests.pair_folders import tree


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "scores.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def bits(folder: Path) -> dict[str, bytes | None]:
    """What must be the same each time: all but when and with what command."""
    kept = {name: held for name, held in tree(folder).items() if name not in ("environment.json", "report.html")}
    return {name: _timeless(held) if held and name.endswith("log.jsonl") else held for name, held in kept.items()}


def _timeless(log: bytes) -> bytes:
    """A journal without its times."""
    lines = [json.loads(line) for line in log.splitlines()]
    return json.dumps([{key: value for key, value in line.items() if key not in TIMES} for line in lines]).encode()


def fault(*arguments: Any, **options: Any) -> str:
    with pytest.raises(SpectraError) as caught:
        run(*arguments, **options)
    return str(caught.value)
