"""MPFNet's three stages by two processes, and the memory of the last one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from safetensors.torch import load_file

from tests.plugins.mpfnet_by_hand import SMALL, TASK

DESCENT = {"optimizer": "sgd", "betas": [0.9, 0.0], "lr": 1e-3}


def recipe(**train: Any) -> dict[str, Any]:
    """Two steps of each stage, each of both pairs, by plain descent, as Adam makes whole steps of mere rounding.

    Without earlier fakes, as each process has its own; batch norms go by the images of both.
    """
    return {
        "task": str(TASK),
        "translator": "mpfnet",
        "settings": {**SMALL, "depths": [1, 2], "pool": 0, "pair": 1.0, "replay": 1.0},
        "data": {"scenes": {"size": 32, "train": 2, "test": 1, "validation": 1}},
        "train": {**DESCENT, "steps": 2, "batch_size": 2, "crop": 32, "precision": "fp32", **train},
        "evaluate": {"metrics": ["mae"], "floors": ["constant"], "samples": 0},
    }


def learned(folder: Path, processes: int, **train: Any) -> dict[str, Any]:
    folder.mkdir()
    file = folder / "recipe.yaml"
    file.write_text(yaml.safe_dump(recipe(**train)), encoding="utf-8")
    together = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    words = [*(together if processes > 1 else []), "-m", "spectra", "run", str(file), "--device", "cpu", "--out"]
    done = subprocess.run(
        [sys.executable, *words, str(folder / "out")],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return load_file(folder / "out" / "model" / "weights.safetensors")


def apart(one: dict[str, Any], other: dict[str, Any]) -> float:
    assert one.keys() == other.keys()
    return max(float((one[name].double() - other[name].double()).abs().max()) for name in one)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_processes_of_torchrun_learn_what_one_does_in_all_three_stages(tmp_path: Path) -> None:
    one = learned(tmp_path / "one", 1)
    two = learned(tmp_path / "two", 2, sync_batchnorm=True)
    hardly = learned(tmp_path / "hardly", 1, lr=1e-9)
    assert apart(one, two) < 1e-5 and apart(one, hardly) > 1e-3


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux says what a process takes")
@pytest.mark.parametrize(
    ("width", "side"),
    [(8, 128), pytest.param(8, 256, marks=pytest.mark.slow), pytest.param(32, 64, marks=pytest.mark.slow)],
)
def test_the_last_stage_takes_little_more_than_networks_moments_and_one_graph(width: int, side: int) -> None:
    """Where the graph is nearly all of it, and where the weights are."""
    words = [sys.executable, "-m", "tests.plugins.mpfnet_peak", str(width), str(side)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        words, cwd=Path(__file__).parents[2], env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    peak, needed = map(int, done.stdout.split())
    assert needed > 50e6 and peak < 1.2 * needed
