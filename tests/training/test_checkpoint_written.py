"""Checkpoints while they are written: whole or not there, whatever stops the writing."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from spectra.errors import SpectraError
from spectra.training import checkpoint as room
from spectra.training.checkpoint import TENSORS
from tests.training.kept_checkpoints import made, names, save, step_of


def test_a_state_that_cannot_be_kept_leaves_all_as_it_was(tmp_path: Path) -> None:
    checkpoints = made(tmp_path, 1)
    with pytest.raises(SpectraError, match="'pool' cannot be kept"):
        checkpoints.save({"total": 2}, {"pool": object()})  # type: ignore[dict-item]
    with pytest.raises(SpectraError, match="Keep long lists of numbers as tensors"):
        checkpoints.save({"total": 2}, {"numbers": ["1.0"] * 10_000, "text": "x" * room.MOST_TEXT})
    assert names(tmp_path) == ["step_00000001"]


@pytest.mark.parametrize("fault", [KeyboardInterrupt, SystemExit, RuntimeError("CUDA error"), OSError(28, "No space")])
@pytest.mark.parametrize("place", ["write_tensors", "write_text", "_flush_folder"])
def test_whatever_stops_the_writing_leaves_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Any, place: str
) -> None:
    checkpoints = made(tmp_path, 1, 2)

    def stopped(*_: object) -> None:
        raise fault

    monkeypatch.setattr(room, place, stopped)
    with pytest.raises(SpectraError if isinstance(fault, OSError) else BaseException):
        save(checkpoints, 3)
    monkeypatch.undo()
    assert names(tmp_path) == ["step_00000001", "step_00000002"]
    assert step_of(made(tmp_path).newest()) == 2


def test_the_older_go_only_when_the_new_one_is_in_place_and_flushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At every moment at which something is written, flushed, renamed or removed there is a whole checkpoint."""
    checkpoints = made(tmp_path, 1, keep=1)
    seen: list[str] = []

    def watched(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*said: Any, **more: Any) -> Any:
            seen.append(f"{name} {','.join(path for path in names(tmp_path) if not path.startswith('.'))}")
            return real(*said, **more)

        return call

    for place, name in [(os, "fsync"), (Path, "rename"), (shutil, "rmtree")]:
        monkeypatch.setattr(place, name, watched(name, getattr(place, name)))
    save(checkpoints, 2)
    assert seen == [
        "fsync step_00000001",  # the tensors
        "fsync step_00000001",  # the description
        "fsync step_00000001",  # the names in the folder
        "rename step_00000001",
        "fsync step_00000001,step_00000002",
        "rename step_00000001,step_00000002",
        "rmtree step_00000002",
    ]


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    made(tmp_path, 1)
    for name in (".step_00000002.0123abcd", ".step_00000002.3.0123abcd"):
        (tmp_path / name).mkdir()
        (tmp_path / name / TENSORS).write_bytes(b"half")
    others = [".git", ".step_2", "step_1", "notes.txt", "step_00000009.damaged"]
    for name in others:
        (tmp_path / name).mkdir()
    assert step_of(made(tmp_path).newest()) == 1
    assert names(tmp_path) == sorted(["step_00000001", *others])


FULL = """
import resource, signal, sys
from pathlib import Path
import torch
from spectra.errors import SpectraError
from spectra.training.checkpoint import Checkpoints
folder = Path(sys.argv[1])
checkpoints = Checkpoints(folder, {})
for step in (1, 2):
    checkpoints.save({"total": step}, {"x": torch.full((1000,), float(step))})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    checkpoints.save({"total": 3}, {"x": torch.zeros(500_000), "y": list(range(5000))})
except SpectraError as why:
    print(why)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
checkpoints.save({"total": 3}, {"x": torch.zeros(500_000)})
"""


def test_a_full_disk_is_told_with_what_is_needed_and_harms_nothing(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "full"), "100000"], capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    assert "step_00000003" in ran.stdout and "File too large. It needs 2 MB, and " in ran.stdout
    assert "free there" in ran.stdout and "Earlier checkpoints are as they were" in ran.stdout
    assert names(tmp_path / "full") == ["step_00000002", "step_00000003"]  # it was saved once there was room


SAVING = """
import os, signal, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.training.test_checkpoint import made, save
def save_for_ever(folder, keep):
    checkpoints = made(Path(folder), keep=int(keep))
    found = checkpoints.newest()
    step = 0 if found is None else found.place["total"]
    while True:
        step += 1
        save(checkpoints, step, best=step % 5 == 0)
        os.write(1, b"%d\\n" % step)
for line in sys.stdin:
    folder, keep, seconds = line.split()
    child = os.fork()
    if child == 0:
        save_for_ever(folder, keep)
    time.sleep(float(seconds))
    os.kill(child, signal.SIGKILL)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    os.write(1, b"killed\\n")
"""

"""For each line of its input, saves in a loop in a process of its own until that is killed; tells every saved step."""


@pytest.fixture
def killer() -> Iterator[Callable[[Path, int, float], int]]:
    command = [sys.executable, "-c", SAVING, str(Path(__file__).parents[2])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        talk, listen = process.stdin, process.stdout
        assert talk is not None and listen is not None

        def kill_after(folder: Path, keep: int, seconds: float) -> int:
            """The last step that was reported as saved."""
            talk.write(f"{folder} {keep} {seconds}\n")
            talk.flush()
            return max((int(line) for line in iter(listen.readline, "killed\n")), default=0)

        yield kill_after
        talk.close()
        assert process.wait() == 0


@pytest.mark.parametrize("kills", [5, pytest.param(30, marks=pytest.mark.slow)])
def test_a_kill_at_any_moment_leaves_a_whole_checkpoint_no_older_than_the_last_reported(
    tmp_path: Path, killer: Callable[[Path, int, float], int], kills: int
) -> None:
    chance, reported = random.Random(kills), 0
    for kill in range(kills):
        reported = max(reported, killer(tmp_path, 1 + kill % 2, 0.1 + 0.2 * chance.random()))
        checkpoints = made(tmp_path)
        assert step_of(checkpoints.newest()) >= max(reported, 1)
        assert checkpoints.notes == []
        best = checkpoints.best()
        assert (0 if best is None else step_of(best)) == step_of(checkpoints.newest()) // 5 * 5
        assert all(name.startswith("step_") for name in names(tmp_path))
    assert reported > kills


PEAK = """
import resource, sys
from pathlib import Path
import torch
from spectra.training.checkpoint import Checkpoints
folder, count = Path(sys.argv[1]), 2**25
state = {str(number): torch.ones(count // 4) for number in range(4)}
checkpoints = Checkpoints(folder, {})
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = peak()
checkpoints.save({"total": 1}, state)
saved = peak()
del state
assert checkpoints.newest().state()["3"].sum() == count // 4
print((saved - before) / 2**17, (peak() - before) / 2**17)  # of 128 MiB
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in other units elsewhere")
def test_saving_copies_nothing_and_loading_holds_one_copy(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PEAK, str(tmp_path)], capture_output=True, text=True, timeout=60, check=True
    )
    saving, loading = map(float, ran.stdout.split())
    assert saving < 0.15
    assert loading < 1.2  # the file, mapped, counts while it is copied from
