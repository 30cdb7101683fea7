"""Training that is killed at random moments ends in the same bits as training that is not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.training.small_gan import same

ROOT = Path(__file__).parents[2]
SAID = {"steps": 20, "checkpoint": {"every": 1, "keep": 2}, "ema": 0.9, "schedule": "cyclegan", "accumulate": 2}

KILLER = """
import json, os, random, signal, sys, threading, time
import torch
from pathlib import Path
from tests.training.small_gan import settings_of, train, trainer_of

folder, kills, said = Path(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])

def attempt(after, name="checkpoints"):
    child = os.fork()
    if not child:
        if after is not None:
            def kill():
                time.sleep(after)
                os.kill(os.getpid(), signal.SIGKILL)
            threading.Thread(target=kill, daemon=True).start()
        learned = train(trainer_of(settings_of(**said), folder / name))
        torch.save(learned, folder / f"{name}.pt")
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

attempt(None, "whole")
random.seed(int(sys.argv[4]))
killed = 0
while killed < kills:
    end = attempt(random.expovariate(1 / 0.15))
    if end == -signal.SIGKILL:
        killed += 1
        print("killed", sorted(path.name for path in (folder / "checkpoints").glob("step_*"))[-1:], flush=True)
    elif end == 0:
        break
    else:
        sys.exit(end)
print("killed in all", killed, flush=True)
sys.exit(attempt(None))
"""


def killed_often(folder: Path, kills: int, seed: int) -> int:
    folder.mkdir()
    words = [sys.executable, "-c", KILLER, str(folder), str(kills), json.dumps(SAID), str(seed)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1])


def check(tmp_path: Path, kills: int) -> None:
    done, seed = 0, 0
    while done < kills:
        folder = tmp_path / str(seed)
        done += killed_often(folder, kills - done, seed)
        whole, learned = (torch.load(folder / name, weights_only=True) for name in ("whole.pt", "checkpoints.pt"))
        assert same(whole, learned) == []
        left = sorted(path.name for path in (folder / "checkpoints").iterdir())
        assert left == ["step_00000040"], "only the last checkpoint stays, and nothing half written"
        seed += 1


def test_five_kills_end_in_the_same_weights(tmp_path: Path) -> None:
    check(tmp_path, 5)


@pytest.mark.slow
def test_thirty_kills_end_in_the_same_weights(tmp_path: Path) -> None:
    check(tmp_path, 30)
