"""`log.jsonl`: what is written, when, and what becomes of it when a run is stopped."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from spectra.errors import SpectraError
from spectra.training.progress import Progress, Validation
from spectra.training.watch.journal import TIMES, Journal, Line, read_journal


def progress(total: int, *, stage: str = "train", step: int | None = None, steps: int = 100, **said: Any) -> Progress:
    given: dict[str, Any] = {
        "terms": {"generator": {"l1": 1.0 / total}},
        "weights": {"generator": {"l1": 2.0}},
        "rates": {"generator": 1e-3},
        "norms": {"generator": 3.0},
        "seconds": 0.5,
        **said,
    }
    return Progress(stage=stage, step=step or total, steps=steps, total=total, epoch=total / 10, **given)


def validation(total: int, value: float | None = 20.0, **said: Any) -> Validation:
    return Validation("train", total, {"psnr": value}, "psnr", best=True, **said)


def timeless(lines: list[Line]) -> list[Line]:
    return [{key: value for key, value in line.items() if key not in TIMES} for line in lines]


def test_lines_come_every_so_often_and_for_the_first_and_last_step_of_a_stage(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "training/log.jsonl", 10)
    for total in range(1, 26):
        journal.stepped(progress(total, steps=25))
    for step in range(1, 4):
        journal.stepped(progress(25 + step, stage="next", step=step, steps=3))
    lines = read_journal(tmp_path / "training/log.jsonl")
    assert [(line["stage"], line["step"], line["total"]) for line in lines] == [
        ("train", 1, 1),
        ("train", 10, 10),
        ("train", 20, 20),
        ("train", 25, 25),
        ("next", 1, 26),
        ("next", 3, 28),
    ]


def test_a_line_says_all_that_was_told(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "log.jsonl", 1)
    journal.stepped(progress(1, skipped=("generator",)))
    (line,) = read_journal(tmp_path / "log.jsonl")
    assert line.pop("at").endswith("+00:00")
    assert line == {
        "kind": "step",
        "stage": "train",
        "step": 1,
        "steps": 100,
        "total": 1,
        "epoch": 0.1,
        "terms": {"generator": {"l1": 1.0}},
        "rates": {"generator": 1e-3},
        "norms": {"generator": 3.0},
        "seconds": 0.5,
        "skipped": ["generator"],
        "weights": {"generator": {"l1": 2.0}},
    }


def test_seconds_are_the_mean_since_the_line_before(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "log.jsonl", 4)
    for total in range(1, 9):
        journal.stepped(progress(total, seconds=float(total)))
    assert [line["seconds"] for line in read_journal(tmp_path / "log.jsonl")] == [1.0, 3.0, 6.5]


def test_a_validation_is_a_line(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "log.jsonl", 10)
    said = {"better": "lower", "reasons": {"psnr": "2 images left out"}, "signs": {"copy": 0.5, "contrast": None}}
    journal.validated(validation(7, samples=tmp_path / "samples/step_00000007.png", **said))
    (line,) = read_journal(tmp_path / "log.jsonl")
    assert line["kind"] == "validation" and line["scores"] == {"psnr": 20.0} and line["best"] is True
    assert {key: line[key] for key in said} == said and line["samples"] == "step_00000007.png"


def test_a_metric_that_failed_is_told_once_even_after_a_stop(tmp_path: Path) -> None:
    heard: list[str] = []
    failed = {"fid": "RuntimeError: no features"}
    first = Journal(tmp_path / "log.jsonl", 10, heard.append)
    first.validated(validation(5))
    assert "failed" not in read_journal(tmp_path / "log.jsonl")[0]
    first.validated(validation(10, failed=failed))
    again = Journal(tmp_path / "log.jsonl", 10, heard.append)
    again.resumed(10)
    again.validated(validation(15, failed=failed | {"kid": "KeyError: 'a'"}))
    lines = read_journal(tmp_path / "log.jsonl")
    assert next(line["failed"] for line in lines if "failed" in line) == failed
    told = [line["text"] for line in lines if line["kind"] == "warning"]
    assert heard == [f"Step {at}: {text}" for at, text in zip((10, 15), told, strict=True)]
    assert "'fid'" in told[0] and "RuntimeError: no features" in told[0] and "'kid'" in told[1]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_null(tmp_path: Path, value: float) -> None:
    journal = Journal(tmp_path / "log.jsonl", 1)
    journal.stepped(progress(1, terms={"generator": {"l1": value}}, norms={"generator": value}))
    journal.validated(validation(1, value, signs={"copy": value}))
    raw = (tmp_path / "log.jsonl").read_text()
    lines = [json.loads(line, parse_constant=pytest.fail) for line in raw.splitlines()]
    assert lines[0]["terms"] == {"generator": {"l1": None}} and lines[0]["norms"] == {"generator": None}
    assert lines[1]["scores"] == {"psnr": None} and lines[1]["signs"] == {"copy": None}


def test_each_line_is_on_the_disk_at_once(tmp_path: Path) -> None:
    """The process kills itself, and nothing is written when it ends."""
    script = f"""
import os, signal
from pathlib import Path
from tests.training.test_journal import Journal, progress
journal = Journal(Path({str(tmp_path / "log.jsonl")!r}), 1)
for total in range(1, 4):
    journal.stepped(progress(total))
os.kill(os.getpid(), signal.SIGKILL)
"""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", script], cwd=root, env={**os.environ, "PYTHONPATH": str(root)})
    assert done.returncode == -signal.SIGKILL
    assert [line["total"] for line in read_journal(tmp_path / "log.jsonl")] == [1, 2, 3]


def written(path: Path, last: int, *, every: int = 3) -> Journal:
    journal = Journal(path, every)
    for total in range(1, last + 1):
        journal.stepped(progress(total, seconds=total / 7))
        if total % 4 == 0:
            journal.validated(validation(total))
    return journal


@pytest.mark.parametrize("torn", [0, 1, 20, 60])
@pytest.mark.parametrize("checkpoint", [4, 6, 7])
def test_a_run_that_goes_on_has_the_log_of_one_that_was_never_stopped(
    tmp_path: Path, checkpoint: int, torn: int
) -> None:
    written(tmp_path / "whole.jsonl", 14).closed()
    path = tmp_path / "log.jsonl"
    written(path, 11)
    os.truncate(path, path.stat().st_size - torn)
    journal = Journal(path, 3)
    journal.resumed(checkpoint)
    for total in range(checkpoint + 1, 15):
        journal.stepped(progress(total))
        if total % 4 == 0:
            journal.validated(validation(total))
    journal.closed()
    assert timeless(read_journal(path)) == timeless(read_journal(tmp_path / "whole.jsonl"))
    assert path.read_bytes().endswith(b"}\n")


def test_a_torn_last_line_is_left_out_and_one_in_the_middle_is_named(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    written(path, 6)
    raw = path.read_bytes()
    path.write_bytes(raw[:-9])
    assert [line["total"] for line in read_journal(path)] == [1, 3, 4]
    lines = raw.splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], lines[1][:30] + b"\n", *lines[2:]]))
    with pytest.raises(SpectraError, match=r"Line 2 of .*log\.jsonl' is damaged"):
        read_journal(path)


def test_training_that_begins_anew_begins_its_log_anew(tmp_path: Path) -> None:
    """Stopped before the first checkpoint, there is nothing to go on from."""
    written(tmp_path / "log.jsonl", 9).closed()
    written(tmp_path / "log.jsonl", 2)
    assert [line["total"] for line in read_journal(tmp_path / "log.jsonl")] == [1]


def test_a_log_that_was_lost_is_begun_where_training_goes_on(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "log.jsonl", 1)
    journal.resumed(5)
    journal.stepped(progress(6))
    assert [line["total"] for line in read_journal(tmp_path / "log.jsonl")] == [6]


def test_what_the_monitor_says_is_a_line_and_is_told_and_a_resumed_run_says_it_once(tmp_path: Path) -> None:
    def learn(journal: Journal, first: int, last: int) -> None:
        for total in range(first, last + 1):
            journal.stepped(progress(total, steps=999, terms={"generator": {"l1": 0.5}}))

    told: list[str] = []
    whole = Journal(tmp_path / "whole.jsonl", 1, told.append)
    learn(whole, 1, 40)
    assert len(told) == 1 and told[0].startswith("Step 20: No term of the player 'generator' has changed")
    warnings = [line for line in read_journal(tmp_path / "whole.jsonl") if line["kind"] == "warning"]
    assert [(line["total"], f"Step 20: {line['text']}") for line in warnings] == [(20, told[0])]
    for checkpoint in (10, 30):
        learn(Journal(tmp_path / "log.jsonl", 1), 1, 35)
        resumed = Journal(tmp_path / "log.jsonl", 1)
        resumed.resumed(checkpoint)
        learn(resumed, checkpoint + 1, 40)
        assert timeless(read_journal(tmp_path / "log.jsonl")) == timeless(read_journal(tmp_path / "whole.jsonl"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_is_told_with_what_to_do() -> None:
    with pytest.raises(SpectraError, match=r"'/dev/full' cannot be written: No space left.*goes on from the last"):
        Journal(Path("/dev/full"), 1).stepped(progress(1))
