"""A translation that is started again, beside another, or after it was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import spectra
from spectra.errors import DataError
from spectra.translation import stamp
from tests.translation.images import make, seed_of, tree


def test_the_same_work_goes_on_and_does_nothing_twice(tmp_path: Path) -> None:
    make(tmp_path / "in", "a.png", "b.png")
    spectra.translate("copy", tmp_path / "in", tmp_path / "out")
    times = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}
    make(tmp_path / "in", "c/c.png")
    done = spectra.translate("copy", tmp_path / "in", tmp_path / "out")
    assert ([path.name for path in done.written], len(done.skipped)) == (["c.png"], 2)
    assert all((tmp_path / "out" / name).stat().st_mtime_ns == time for name, time in times.items())


@pytest.mark.parametrize(
    ("other", "differing"),
    [
        ({"model": "inverse"}, "translator: copy there, inverse now"),
        ({"depth": 16}, "depth: as the source there, uint16 now"),
        ({"format": "tif"}, "format: as the source there, tif now"),
        ({"task": "rgb2ir"}, "task: rgb2rgb there, rgb2ir now"),
        ({"sources": "other"}, "sources: "),
    ],
)
def test_other_work_is_refused_in_the_same_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: dict[str, Any], differing: str
) -> None:
    make(tmp_path, "in/a.png", "other/a.png")
    monkeypatch.chdir(tmp_path)
    first: dict[str, Any] = {"model": "copy", "sources": "in", "out": "out"}
    spectra.translate(**first)
    before = tree(tmp_path / "out")
    with pytest.raises(DataError, match=differing):
        spectra.translate(**{**first, **other})
    assert tree(tmp_path / "out") == before


def test_other_settings_and_weights_are_other_work(tmp_path: Path) -> None:
    make(tmp_path / "in", "a.png")
    spectra.translate("graydef", tmp_path / "in", tmp_path / "out")
    with pytest.raises(DataError, match="settings: "):
        spectra.translate("graydef", tmp_path / "in", tmp_path / "out", factor=1.1)
    model = spectra.load("graydef")
    for buffer in model.buffers():
        buffer.mul_(2)
    with pytest.raises(DataError, match="weights: "):
        spectra.translate(model, tmp_path / "in", tmp_path / "out")


@pytest.mark.parametrize("stamp", [None, "{}", "no json", "[]"])
def test_files_that_are_not_ours_are_never_written_over(tmp_path: Path, stamp: str | None) -> None:
    make(tmp_path / "in", "a.png", "b.png")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "b.png").write_text("precious")
    if stamp is not None:
        (tmp_path / "out" / "spectra.json").write_text(stamp)
    with pytest.raises(DataError, match="another --out"):
        spectra.translate("copy", tmp_path / "in", tmp_path / "out")
    assert tree(tmp_path / "out") == {"b.png": b"precious"}


def test_a_source_that_changed_after_it_was_translated_is_a_failure(tmp_path: Path) -> None:
    make(tmp_path / "in", "a.png", "b.png")
    spectra.translate("copy", tmp_path / "in", tmp_path / "out")
    before = tree(tmp_path / "out")
    later = time.time() + 10
    os.utime(tmp_path / "in" / "b.png", (later, later))
    done = spectra.translate("copy", tmp_path / "in", tmp_path / "out")
    assert [path.name for path, _ in done.failed] == ["b.png"]
    assert "has changed since it was translated" in done.failed[0][1]
    assert tree(tmp_path / "out") == before


def test_a_source_from_the_future_has_not_changed(tmp_path: Path) -> None:
    make(tmp_path / "in", "a.png")
    later = time.time() + 1000
    os.utime(tmp_path / "in" / "a.png", (later, later))
    spectra.translate("copy", tmp_path / "in", tmp_path / "out")
    assert len(spectra.translate("copy", tmp_path / "in", tmp_path / "out").skipped) == 1


def test_two_runs_into_one_folder_are_told_apart(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    make(tmp_path / "in", "a.png")
    refused: list[bool] = []

    def told(*_: object) -> None:
        with pytest.raises(DataError, match="Another `spectra translate` is at work"):
            spectra.translate("copy", tmp_path / "in", tmp_path / "out")
        refused.append(True)

    spectra.translate("copy", tmp_path / "in", tmp_path / "out", progress=told)
    assert refused == [True]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.png", "spectra.json"]


@pytest.mark.parametrize("moment", ["_require_no_output", "_write"])
def test_two_runs_that_start_at_once_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    pytest.importorskip("fcntl")
    make(tmp_path / "in", "a.png")
    refused: list[bool] = []
    real = getattr(stamp, moment)

    def interrupted(*arguments: Any) -> None:
        monkeypatch.setattr(stamp, moment, real)
        with pytest.raises(DataError, match="Another `spectra translate` is at work"):
            spectra.translate("inverse", tmp_path / "in", tmp_path / "out", task="rgb2rgb")
        refused.append(True)
        real(*arguments)

    monkeypatch.setattr(stamp, moment, interrupted)
    done = spectra.translate("copy", tmp_path / "in", tmp_path / "out")
    assert refused == [True] and len(done.written) == 1
    assert seed_of(tmp_path / "out" / "a.png", 1) == 0


KILLED = """
import os, signal, sys, time
import spectra
from pathlib import Path
from spectra.cli.errors import spoken

def told(what, done, total):
    if done == 7:
        os.kill(os.getpid(), getattr(signal, sys.argv[3]))

with spoken():
    spectra.translate("copy", sys.argv[1], sys.argv[2], threads=2, progress=told)
"""


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", pytest.param("SIGINT", marks=pytest.mark.slow)])
def test_killed_in_the_middle_and_started_again_is_as_if_never_killed(tmp_path: Path, name: str) -> None:
    make(tmp_path / "in", *(f"{n:03}.png" for n in range(60)))
    spectra.translate("copy", tmp_path / "in", tmp_path / "whole")
    ended = subprocess.run([sys.executable, "-c", KILLED, tmp_path / "in", tmp_path / "out", name], capture_output=True)
    assert ended.returncode != 0
    whole, half = tree(tmp_path / "whole"), tree(tmp_path / "out")
    if name == "SIGKILL":
        assert ended.returncode == -signal.SIGKILL
        half = {path: data for path, data in half.items() if not path.startswith(".")}
        (tmp_path / "out" / f".{'0a' * 8}.png").write_bytes(b"half")
    assert 0 < len(half) < 60
    assert all(whole[path] == data for path, data in half.items())
    done = spectra.translate("copy", tmp_path / "in", tmp_path / "out")
    assert len(done.skipped) == len(half)
    assert tree(tmp_path / "out") == whole
