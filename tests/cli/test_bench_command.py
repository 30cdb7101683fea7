"""`spectra bench` as it is typed: the table, the files, and what becomes of a bench that is stopped or killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from spectra.bench.contest import steward as stewards
from spectra.cli.main import main
from tests.bench.contest.benches import attempt_here
from tests.bench.contest.conftest import CODE
from tests.pair_folders import write_data
from tests.plugin_packages import PluginPackages

STEPS = 60
PAUSE = 0.05


def told(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, list(words))
    return done.exit_code, done.output


def test_one_command_gives_the_table_and_every_file(tmp_path: Path) -> None:
    root, out = write_data(tmp_path / "pairs", size=(64, 48)), tmp_path / "bench"
    words = ("bench", "-m", "graydef,linear", "--tasks", "rgb2ir", "--data", str(root), "--out", str(out), "--no-cost")
    code, text = told(*words)
    assert code == 0, text
    assert "graydef" in text and "psnr" in text and "report.html" in text
    names = {path.name for path in out.iterdir() if not path.name.startswith(".")}
    assert names == {"bench.json", "bench.csv", "scores.csv", "table.md", "table.tex", "report.html", "gallery", "kept"}
    page = (out / "report.html").read_text("utf-8")
    assert "graydef" in page and len(page) < 10_000_000
    code, again = told(*words, "--json")
    assert code == 0 and again == (out / "bench.json").read_text("utf-8")
    assert json.loads(again)["version"] == 1


def test_a_plan_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    words = ("bench", "-m", "pix2pixhd@tiny", "-m", "graydef", "--out", str(tmp_path / "bench"), "--dry-run")
    code, text = told(*words)
    assert code == 0 and "rgb2ir" in text and "sar2eo" in text
    tasks = json.loads(told(*words, "--json")[1])["tasks"]
    assert tasks["rgb2ir"]["methods"] == ["pix2pixhd@tiny", "graydef"]
    assert "pix2pixhd@tiny" in tasks["sar2eo"]["methods"]
    assert not (tmp_path / "bench").exists()


def test_what_is_typed_wrong_is_one_line(tmp_path: Path) -> None:
    for words, said in (
        (("-m", "graydeff"), "Did you mean 'graydef'"),
        (("-m", "graydef", "--preset", "tinny"), "No preset of any method"),
        (("-m", "graydef", "--budget", "soon"), "is not a budget"),
        (("-m", "graydef", "--metrics", "psnrr"), "psnr"),
        (("-m", "graydef", "--tasks", "rgb2"), "rgb2"),
        (("-m", "graydef", "--data", str(tmp_path / "absent")), "absent"),
    ):
        code, text = told("bench", *words, "--out", str(tmp_path / "bench"))
        assert code == 1 and said in text and "Traceback" not in text, text


class Benches:
    """A bench in a process of its own, of a method that takes its time."""

    def __init__(self, folder: Path, site: PluginPackages) -> None:
        self.folder, self.site = folder, site
        self.root = write_data(folder / "pairs")

    def words(self, out: Path) -> list[str]:
        said = ["--tasks", "rgb2ir", "--preset", "tiny", "--budget", str(STEPS), "--no-cost", "--metrics", "psnr"]
        said += ["--data", str(self.root), "--out", str(out), "--set", "train.checkpoint.every=5"]
        return ["bench", "-m", "pupil,graydef", *said]

    @property
    def environment(self) -> dict[str, str]:
        path = os.pathsep.join([str(self.site.folder), *(one for one in sys.path if one)])
        return {**os.environ, "PYTHONPATH": path}

    def begin(self, out: Path) -> subprocess.Popen[str]:
        """Until it has learned for a while."""
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        command = [sys.executable, "-m", "spectra", *self.words(out)]
        running = subprocess.Popen(command, env=self.environment, start_new_session=True, **pipes)
        waited(lambda: any(out.glob("kept/*.training/checkpoints/step_*")), running)
        return running

    def finish(self, out: Path) -> dict[str, Any]:
        """In this process: who is not stopped needs none of its own."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(stewards, "attempt", attempt_here)
            code, text = told(*self.words(out))
        assert code == 0, text
        said: dict[str, Any] = json.loads((out / "bench.json").read_text("utf-8"))
        rows = [{**row, "id": None} for row in said["rows"]]  # it changes with the code, which may be at work itself
        return {"rows": rows, "pairs": said["pairs"]}


def waited(ready: Callable[[], bool], running: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 120
    while not ready():
        assert running.poll() is None and time.monotonic() < until, running.communicate()
        time.sleep(0.02)


@pytest.fixture(scope="module")
def benches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Benches]:
    place = tmp_path_factory.mktemp("benches")
    packages = PluginPackages(place / "site")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SPECTRA_PLUGINS", raising=False)
        patch.syspath_prepend(str(packages.folder))
        packages.add("pupils", {"translators": {"pupil": "pupils:Pupil"}}, f"PAUSE = {PAUSE}\n{CODE}")
        yield Benches(place, packages)
    packages.forget()


@pytest.fixture(scope="module")
def whole(benches: Benches) -> dict[str, Any]:
    """What a bench that nobody disturbs finds."""
    return benches.finish(benches.folder / "whole")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not show its processes")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_bench_that_is_ended_goes_on_to_the_same_end(
    number: signal.Signals, tmp_path: Path, benches: Benches, whole: dict[str, Any]
) -> None:
    """Its worker ends with it and saves what it learned, even where the bench could not ask it to."""
    out = tmp_path / "stopped"
    running = benches.begin(out)
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
    running.send_signal(number)
    text, _ = running.communicate(timeout=60)
    assert running.returncode == (-9 if number == signal.SIGKILL else 128 + number), text
    until = time.monotonic() + 30
    while any(Path(f"/proc/{child}").exists() and alive(child) for child in children):
        assert time.monotonic() < until, "its worker lives on"
        time.sleep(0.05)
    assert not (out / "bench.json").exists()
    steps = max(int(path.name.removeprefix("step_")) for path in out.glob("kept/*.training/checkpoints/step_*"))
    assert 0 < steps < STEPS
    assert benches.finish(out) == whole
    assert not list(out.glob("kept/*.training")) and not list(out.glob("kept/.*"))


def alive(process: str) -> bool:
    """One that has ended and was not asked after is none."""
    try:
        return "Z" not in Path(f"/proc/{process}/status").read_text().split("State:")[1][:3]
    except OSError:
        return False
