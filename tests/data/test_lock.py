"""A lock file: held by one, free again whatever becomes of its holder, and gone with the last."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from spectra.data.lock import held

fcntl = pytest.importorskip("fcntl")

KILLED = """
import os, signal, sys
from pathlib import Path
from spectra.data.lock import held
with held(Path(sys.argv[1])):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".lock"


def test_one_holds_it_at_a_time_and_the_file_goes_with_the_lock(path: Path) -> None:
    with held(path) as surely:
        assert surely and path.is_file()
        with pytest.raises(BlockingIOError), held(path):
            pass
        assert path.is_file()
    assert not path.exists()
    with held(path) as surely:
        assert surely


def test_what_a_killed_holder_left_is_taken_over(path: Path) -> None:
    assert subprocess.run([sys.executable, "-c", KILLED, path]).returncode == -9
    assert path.is_file()
    with held(path) as surely:
        assert surely
    assert not path.exists()


def test_the_lock_of_a_file_that_is_gone_is_worth_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another comes and goes between our opening and our locking of the file."""
    real, calls = fcntl.flock, []

    def flock(*arguments: Any) -> None:
        calls.append(arguments)
        if len(calls) == 1:
            with held(path):
                pass
        real(*arguments)

    monkeypatch.setattr(fcntl, "flock", flock)
    with held(path) as surely:
        assert len(calls) == 3 and surely and path.is_file()
        with pytest.raises(BlockingIOError), held(path):
            pass


def test_where_there_are_no_locks_it_says_so_and_lets_work_go_on(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(*arguments: Any) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", flock)
    with held(path) as surely, held(path) as too:
        assert (surely, too) == (False, False)
