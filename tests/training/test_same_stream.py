"""What a run learns from is the same bit for bit, whatever the machine does: threads, caches, processes, bad luck."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spectra.data.images import write_image
from spectra.data.open import open_data
from spectra.recipe.recipe import Recipe
from spectra.stage import Batch, Images, Pairs, Player, Stage
from spectra.training.feed import PairFeed
from spectra.training.prefetch import prefetched

STEPS = 9
AUGMENT = [
    {"flip": {}},
    {"rotate": {"quarter": True}},
    {"noise": {"std": 0.01}},
    {"contrast": {}},
    {"crop": {"size": 12}},
]


class Both(Stage):
    def __init__(self) -> None:
        super().__init__()
        self.streams = {"pairs": Pairs(), "targets": Images("ir")}
        self.players = {"net": Player(torch.nn.Conv2d(1, 1, 1))}

    def step(self, batch: Batch) -> Any:
        yield from ()


def write_visits(root: Path) -> Path:
    """Places with several images a side, PNG and TIFF, some pixels without data; three places to judge by."""
    random = np.random.default_rng(0)
    rows = []
    for place in range(6):
        row: dict[str, Any] = {"split": "test" if place > 3 else "train", "name": f"place{place}"}
        for side, channels in (("rgb", 3), ("ir", 1)):
            row[side] = [
                f"{side}_{place}_{number}{suffix}" for number, suffix in ((0, ".png"), (1, ".tif"), (2, ".png"))
            ]
            for name in row[side]:
                image = random.integers(1, 65535, (20 + place, 24, channels)).astype(np.uint16)
                image[:3, : 4 + place] = 0
                root.mkdir(exist_ok=True)
                write_image(root / name, image)
        rows.append(row)
    (root / "places.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return root / "places.jsonl"


def digest(root: str, cache: float, workers: int) -> tuple[str, list[str]]:
    """Of every bit of every batch; and what the data had to say."""
    scales = {"source": {"scale": "dtype nodata 0"}, "target": {"scale": "DN percentiles 1..99 nodata 0"}}
    data = {"root": root, "pairing": "random", "visits": 2, "cache": cache, **scales}
    recipe = Recipe.model_validate(
        {"task": "rgb2ir", "translator": "linear", "data": data, "seed": 5, "train": {"augment": AUGMENT}}
    )
    opened, stage, found = open_data(recipe), Both(), hashlib.sha256()
    feed = PairFeed(
        opened.train, opened.task, 3, None, 5, augment_of=recipe.train.augment_of, images=opened.images
    )  # fmt: skip
    with prefetched(feed, stage, STEPS, workers) as batches:
        for batch in batches:
            mask = batch.pairs.valid
            for tensor in (*batch.pairs, batch.targets, *([] if mask is None else [mask])):
                found.update(f"{tuple(tensor.shape)}{tensor.dtype}".encode() + tensor.contiguous().numpy().tobytes())
    return found.hexdigest(), list(opened.notes)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_visits(tmp_path_factory.mktemp("visits") / "data"))


@pytest.fixture(scope="module")
def expected(rows: str) -> str:
    return digest(rows, 0, 0)[0]


def elsewhere(rows: str, home: Path, cache: float, workers: int, before: Callable[[], None] | None = None) -> Any:
    """A process of its own, whose hashes of text are salted anew."""
    code = (
        "import json, sys; from tests.training.test_same_stream import digest;"
        "print(json.dumps(digest(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))))"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, rows, str(cache), str(workers)],
        env={**os.environ, "SPECTRA_HOME": str(home), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=before,
    )


def told(process: Any) -> tuple[str, list[str]]:
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    found, notes = json.loads(out)
    return found, [note for note in notes if "ecoded" in note]


@pytest.mark.parametrize(("cache", "workers"), [*itertools.product([0, 1.0, 0.00001], [0, 1, 3])])
def test_the_stream_is_the_same_whatever_workers_and_cache(
    rows: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: float, workers: int
) -> None:
    monkeypatch.setenv("SPECTRA_HOME", str(tmp_path))
    assert digest(rows, cache, workers)[0] == expected
    found, notes = digest(rows, cache, workers)  # from what is in the cache by now
    assert found == expected
    assert sum("do not fit" in note or "Not all decoded" in note for note in notes) == (cache == 0.00001)


def test_processes_at_once_and_one_that_is_killed_while_the_cache_fills(
    rows: str, expected: str, tmp_path: Path
) -> None:
    killed = elsewhere(rows, tmp_path, 1.0, 1)
    other = elsewhere(rows, tmp_path, 1.0, 3)
    while killed.poll() is None and not any(tmp_path.glob("decoded/*.pixels")):
        time.sleep(0.005)
    killed.kill()
    killed.communicate()
    for process in (other, elsewhere(rows, tmp_path, 1.0, 0)):
        assert told(process) == (expected, [])


def _little_room() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))


def test_where_nothing_can_be_written_it_goes_on_with_one_note(rows: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file in place of a folder")
    for home, before in ((tmp_path / "full", _little_room), (tmp_path / "file", None)):
        found, notes = told(elsewhere(rows, home, 1.0, 3, before))
        assert found == expected
        (note,) = notes
        assert "Decoded images are not kept" in note and "cannot be written" in note
        assert not list(home.glob("decoded/*.pixels"))
