"""Workers that misbehave: whatever they do, the bench hears of it, waits for nobody and leaves nobody behind."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from spectra.bench.contest import attempt as attempts
from spectra.bench.contest import memory
from spectra.bench.contest.attempt import Failure, attempt
from spectra.bench.contest.memory import memory_limit, memory_of, watches_memory
from spectra.bench.contest.request import Request
from spectra.errors import Stopped
from spectra.recipe.recipe import Recipe

PROC = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not show its processes")
HEAD = "import json, os, signal, subprocess, sys, time\nsys.stdin.readline()\n"


class Trial:
    """A worker that runs a few lines of its own."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.patch = folder, patch
        self.heard: list[tuple[str, int, int]] = []
        self.said: list[str] = []

    def of(self, code: str, limit: int | None = None, head: str = HEAD) -> Failure | None:
        self.patch.setattr(attempts, "COMMAND", (sys.executable, "-c", head + code))
        request = Request(name="any", recipe=Recipe(task="rgb2ir", translator="copy"), folder=self.folder / "kept")
        return attempt(request, limit, lambda *words: self.heard.append(words), self.said.append)


@pytest.fixture
def trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trial:
    monkeypatch.setattr(attempts, "SILENCE", 0.3)
    return Trial(tmp_path, monkeypatch)


def reason(failure: Failure | None) -> str:
    assert failure is not None
    return failure.reason


def test_what_it_says_is_heard_and_anything_else_on_the_pipe_is_not(trial: Trial) -> None:
    """A child of a plugin may write into every file that is open, in any bytes."""
    code = r"""
for line in (b'nonsense', b'', b'\xff\xfe\x00', b'[1]', b'7', b'{"told": 3}', b'{"failed": null}', b'{"other": 1}'):
    os.write(1, line + b'\n')
os.write(1, b'{"told": ["learn", 1, 2]}\n{"said": "a word"}\n')
os.write(1, b'half a line')
"""
    assert trial.of(code) is None
    assert trial.heard == [("learn", 1, 2)] and trial.said == ["a word"]


def test_the_first_reason_is_told(trial: Trial) -> None:
    code = """
for why in ("first", "second"):
    print(json.dumps({"failed": why, "trace": "t"}), flush=True)
sys.exit(1)
"""
    assert trial.of(code) == Failure("first", "t")


def test_how_it_ended_and_its_last_words_are_told(trial: Trial) -> None:
    assert "ended with the code 3. The last it printed: a word" in reason(
        trial.of("sys.stderr.write('a word'); sys.exit(3)")
    )
    assert "SIGKILL (the system may have run out of memory)" in reason(trial.of("os.kill(os.getpid(), signal.SIGKILL)"))
    assert "the signal 40" in reason(trial.of("os.kill(os.getpid(), 40)"))
    told = reason(trial.of(r"sys.stderr.buffer.write(b'\xff' * 3_000_000 + b'end'); sys.exit(3)"))
    assert told.endswith("end") and len(told) < 3000


def test_one_that_ends_before_it_hears_anything_is_told(trial: Trial) -> None:
    assert "code 5" in reason(trial.of("import os; os._exit(5)", head=""))


def test_a_child_that_outlives_it_and_holds_its_pipe_keeps_nobody_waiting(trial: Trial) -> None:
    code = f"""
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], stdout=1)
open({str(trial.folder / "child")!r}, "w").write(str(child.pid))
print('{{"told": ["learn", 1, 1]}}', flush=True)
os._exit(0)
"""
    began = time.monotonic()
    assert trial.of(code) is None
    assert time.monotonic() - began < 30 and trial.heard
    child = int((trial.folder / "child").read_text())
    assert gone(child), "it was ended with the worker"


def gone(process: int) -> bool:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            os.kill(process, 0)
            if "\nState:\tZ" in Path(f"/proc/{process}/status").read_text():
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


def test_one_in_a_session_of_its_own_keeps_nobody_waiting(trial: Trial) -> None:
    code = """
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(20)"], stdout=1, start_new_session=True)
"""
    began = time.monotonic()
    assert trial.of(code) is None
    assert time.monotonic() - began < 15


def test_one_that_says_no_more_and_stays_is_ended(trial: Trial) -> None:
    trial.patch.setattr(attempts, "LINGER", 0.3)
    assert "SIGKILL" in reason(trial.of("os.close(1); time.sleep(60)"))


@PROC
def test_more_memory_than_it_may_hold_ends_it_and_its_children(trial: Trial) -> None:
    hungry = "held = b'x' * 300_000_000; import time; time.sleep(60)"
    began = time.monotonic()
    assert "more than 0.195 GiB" in reason(trial.of(hungry, 200 * 2**20 - 2**19))
    child = f"subprocess.run([sys.executable, '-c', {hungry!r}])"
    assert "GiB of memory" in reason(trial.of(child, 200 * 2**20))
    assert trial.of("held = b'x' * 30_000_000; time.sleep(0.5)", 200 * 2**20) is None
    assert time.monotonic() - began < 40


@PROC
def test_pages_that_children_share_count_once(trial: Trial) -> None:
    """Four forked readers of 150 MB are no 600."""
    code = """
held = bytearray(b'x') * 150_000_000
if os.fork() and os.fork():
    os.fork()
time.sleep(0.8)
os._exit(0)
"""
    assert trial.of(code, 400 * 2**20) is None


def test_a_system_that_tells_nothing_of_memory_ends_nobody(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_said", lambda *words: None)
    assert memory_of(os.getpid(), 1) is None and not watches_memory()
    assert trial.of("time.sleep(0.5)", 1) is None


def test_a_container_may_have_less_than_its_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "memory.max"
    monkeypatch.setattr(memory, "LIMITS", (tmp_path / "absent", file))
    file.write_text("max\n")
    machine = memory_limit()
    file.write_text("1000000\n")
    assert memory_limit() == 900_000 < (machine or 0)


def interrupted(trial: Trial, code: str, *times: float) -> float:
    """Ctrl-C after so many seconds each; how long it took."""
    began = time.monotonic()
    timers = [threading.Timer(delay, os.kill, (os.getpid(), signal.SIGINT)) for delay in times]
    for timer in timers:
        timer.start()
    try:
        with pytest.raises(KeyboardInterrupt) as caught:
            trial.of(code)
    finally:
        for timer in timers:
            timer.join()
    assert isinstance(caught.value, Stopped) == (len(times) == 1)
    return time.monotonic() - began


def test_it_is_asked_once_to_stop_and_may_save(trial: Trial) -> None:
    saved = trial.folder / "saved"
    code = f"""
def leave(number, frame):
    open({str(saved)!r}, "a").write("once ")
    time.sleep(0.5)
    os._exit(143)
signal.signal(signal.SIGTERM, leave)
time.sleep(60)
"""
    assert interrupted(trial, code, 1.5) < 30
    assert saved.read_text() == "once "


def test_one_that_does_not_listen_is_ended_by_a_second_ctrl_c(trial: Trial) -> None:
    code = f"""
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open({str(trial.folder / "worker")!r}, "w").write(str(os.getpid()))
time.sleep(60)
"""
    assert interrupted(trial, code, 1.5, 2.5) < 30
    assert gone(int((trial.folder / "worker").read_text()))
