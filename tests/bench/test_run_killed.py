"""Runs that fail, are killed or meet another: nothing is half written."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spectra.bench import lesson
from spectra.bench import run as running
from spectra.bench.run import run
from spectra.errors import DataError
from tests.bench.runs import bits, fault
from tests.pair_folders import tree, write_data


@pytest.fixture
def old_run(recipe: Path, pairs: Path, tmp_path: Path) -> Iterator[Path]:
    """A finished run that must be intact afterwards, and no other trace."""
    run(recipe, data=pairs, out=tmp_path / "out")
    before = tree(tmp_path)
    yield tmp_path / "out"
    assert tree(tmp_path) == before


@pytest.mark.parametrize("moment", ["write_text", "write_samples", "write_report", "environment", "evaluate"])
def test_a_full_disk_leaves_the_old_run_and_no_trace(
    recipe: Path, pairs: Path, old_run: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(lesson if moment == "prepare" else running, moment, full)
    told = fault(recipe, data=pairs, out=old_run, fresh=True)
    assert "Cannot write the run" in told and "No space left" in told and str(old_run) in told


@pytest.mark.parametrize("limit", [300, 2000, 9000])
def test_a_limit_of_the_system_on_files_is_told(recipe: Path, pairs: Path, old_run: Path, limit: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        told = fault(recipe, data=pairs, out=old_run, fresh=True, seed=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "File too large" in told and str(old_run) in told and ".unfinished." not in told


def test_a_rename_that_fails_puts_the_old_run_back(
    recipe: Path, pairs: Path, old_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def refused(self: Path, target: Path) -> Path:
        if ".unfinished." in self.name:
            raise OSError(errno.EROFS, "Read-only file system", str(self))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refused)
    assert "Read-only" in fault(recipe, data=pairs, out=old_run, fresh=True)


def test_a_folder_that_cannot_be_written_is_told_before_any_work(
    recipe: Path, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any) -> None:
        raise AssertionError("work was done")

    monkeypatch.setattr(lesson, "prepare", never)
    (tmp_path / "file").write_text("")
    assert "Cannot write the run" in fault(recipe, data=pairs, out=tmp_path / "file" / "out")
    if os.geteuid():
        (tmp_path / "locked").mkdir(mode=0o500)
        assert "Permission denied" in fault(recipe, data=pairs, out=tmp_path / "locked" / "out")
    assert "Cannot write the run" in fault(recipe, data=pairs, out=Path("/proc/none/out"))


def test_a_fault_of_the_work_itself_is_told_as_it_is_and_leaves_no_trace(
    recipe: Path, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def elsewhere(*_: Any) -> None:
        raise FileNotFoundError(errno.ENOENT, "No such file", "/somewhere/weights")

    monkeypatch.setattr(lesson, "prepare", elsewhere)
    before = tree(tmp_path)
    with pytest.raises(FileNotFoundError):
        run(recipe, data=pairs, out=tmp_path / "out")
    assert tree(tmp_path) == before


def test_a_truncated_test_image_ends_the_run_by_its_name_before_anything_is_learnt(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = write_data(tmp_path / "pairs", size=(64, 64))
    path = pairs / "test" / "ir" / "f.png"
    path.write_bytes(path.read_bytes()[:-300])
    monkeypatch.setattr(lesson, "prepare", lambda *_: pytest.fail("it learns before the test images are looked at"))
    before = tree(tmp_path)
    with pytest.raises(DataError, match=r"f\.png"):
        run(recipe, data=pairs, out=tmp_path / "out")
    assert tree(tmp_path) == before


KILLER = """
import os, signal, sys
from pathlib import Path
from spectra.bench import lesson, plan, run as running
from spectra.cli.main import main

recipe, data, root = sys.argv[1:4]
for moment in sys.argv[4:]:
    where, kind = moment.split(":")
    child = os.fork()
    if not child:
        home = next(room for room in (running, lesson, plan) if hasattr(room, where))
        true = getattr(home, where)
        def dying(*given, **named):
            found = true(*given, **named)
            os.kill(os.getpid(), getattr(signal, kind))
            return found
        setattr(home, where, dying)
        try:
            main(["run", recipe, "--data", data, "--out", f"{root}/killed/{where}-{kind}"], prog_name="spectra")
        except SystemExit as end:
            os._exit(end.code if isinstance(end.code, int) else 1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(moment, os.waitstatus_to_exitcode(status), flush=True)
"""


def test_a_run_killed_at_any_moment_leaves_nothing_that_looks_finished_and_works_again(
    recipe: Path, pairs: Path, tmp_path: Path
) -> None:
    moments = ("open_data", "prepare", "floors", "evaluate", "write_samples", "environment", "write_report")
    words = [f"{moment}:{kind}" for moment in moments for kind in ("SIGKILL", "SIGTERM")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", KILLER, str(recipe), str(pairs), str(tmp_path), *words]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=True)
    ends = dict(line.split() for line in told.stdout.splitlines() if ":SIG" in line)
    assert ends == {word: "-9" if word.endswith("KILL") else str(128 + signal.SIGTERM) for word in words}, told.stderr
    left = [path.name for path in (tmp_path / "killed").iterdir() if path.suffix != ".lock"]
    assert all("KILL.unfinished." in name and name.startswith(".") for name in left)  # SIGTERM cleans up at once
    assert len(left) == len(moments) - 1  # before open_data has ended nothing is written
    whole = run(recipe, data=pairs, out=tmp_path / "whole")
    for moment in moments:
        again = run(recipe, data=pairs, out=tmp_path / "killed" / f"{moment}-SIGKILL")
        assert not again.done_before and bits(again.folder) == bits(whole.folder)
    assert not [path for path in (tmp_path / "killed").iterdir() if path.name.startswith(".")]


def test_a_run_that_goes_on_is_not_disturbed_by_a_second(
    recipe: Path, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = running.write_samples
    told: list[str] = []

    def meanwhile(*given: Any, **named: Any) -> None:
        monkeypatch.setattr(running, "write_samples", true)
        told.append(fault(recipe, data=pairs, out=tmp_path / "out"))
        run(recipe, data=pairs, out=tmp_path / "other")
        true(*given, **named)

    monkeypatch.setattr(running, "write_samples", meanwhile)
    run(recipe, data=pairs, out=tmp_path / "out")
    assert "being carried out by another process" in told[0]
    assert bits(tmp_path / "out") == bits(tmp_path / "other")
