"""Ctrl-C and SIGTERM at any moment, while torch and NumPy are being imported too."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SMALL = ("--set", "data.scenes.train=2", "--set", "data.scenes.test=2", "--set", "data.scenes.size=32")
RECIPE = Path(__file__).parents[2] / "recipes" / "pbvs_rgb2ir.yaml"


def stopped(folder: Path, number: int, delay: float) -> tuple[int, str]:
    """The exit code and stderr of a run that got a signal so many seconds after it began to speak for itself."""
    code = "import sys; from spectra.cli.main import main; print('on', flush=True); main()"
    words = ["run", str(RECIPE), *SMALL, "--out", str(folder / "run")]
    running = subprocess.Popen(
        [sys.executable, "-c", code, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ},
    )
    assert running.stdout is not None and running.stdout.readline() == "on\n"
    time.sleep(delay)
    running.send_signal(number)
    _, told = running.communicate(timeout=120)
    return running.returncode, told


def sweep(folder: Path, number: int, word: str, delays: list[float]) -> None:
    for place, delay in enumerate(delays):
        code, told = stopped(folder / str(place), number, delay)
        assert "Traceback" not in told, (delay, told[-2000:])
        if not (folder / str(place) / "run").exists():  # else it was done before the signal came
            assert (code, told) == (128 + number, f"{word}.\n"), (delay, told)


@pytest.mark.parametrize(("number", "word"), [(signal.SIGINT, "Interrupted"), (signal.SIGTERM, "Terminated")])
def test_a_signal_while_torch_loads_stops_the_run_with_one_line(tmp_path: Path, number: int, word: str) -> None:
    sweep(tmp_path, number, word, [0.05, 0.3, 0.6, 1.0])


@pytest.mark.slow
@pytest.mark.parametrize(("number", "word"), [(signal.SIGINT, "Interrupted"), (signal.SIGTERM, "Terminated")])
def test_a_signal_at_any_of_many_moments(tmp_path: Path, number: int, word: str) -> None:
    sweep(tmp_path, number, word, [0.05 * step for step in range(1, 41)])
