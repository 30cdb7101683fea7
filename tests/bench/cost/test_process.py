"""A process that is asked, by small programs in the place of the one that measures."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from spectra.bench.cost.process import Outcome, carried_out

READ = "import os, pathlib, signal, sys, time; asked, answer = map(pathlib.Path, sys.argv[1:]);"


def run(program: str, timeout: float = 60) -> Outcome:
    return carried_out([sys.executable, "-P", "-c", READ + program], "the request", timeout)


def test_what_it_writes_is_its_answer_to_what_it_was_asked() -> None:
    found = run("answer.write_text(asked.read_text() + '\\nä\\n', encoding='utf-8')")
    assert found == Outcome(("the request", "ä"), "")


def test_half_a_line_is_no_answer() -> None:
    assert run("answer.write_text('whole\\nhal')").lines == ("whole",)


def test_what_it_prints_is_no_answer(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("print('hello'); print('there', file=sys.stderr)") == Outcome((), "")
    assert capfd.readouterr() == ("", "")


def test_an_exit_code_is_told_with_the_last_words() -> None:
    found = run("answer.write_text('one\\n'); print('why\\n\\n', file=sys.stderr); sys.exit(3)")
    assert found == Outcome(("one",), "the process ended with exit code 3: why")


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
@pytest.mark.parametrize(("program", "name"), [("os.abort()", "SIGABRT"), ("os.kill(os.getpid(), 9)", "SIGKILL")])
def test_a_crash_is_told_by_its_signal(program: str, name: str) -> None:
    assert run(program).cut == f"the process crashed with {name}"


def test_a_hanging_process_is_ended() -> None:
    found = run("answer.write_text('one\\n'); time.sleep(60)", timeout=6)
    assert found == Outcome(("one",), "it hangs: no end within 6 s")


def test_it_imports_what_this_process_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "only_here.py").write_text("WORD = 'found'")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert run("import only_here; answer.write_text(only_here.WORD + '\\n')").lines == ("found",)


def test_it_finds_nothing_to_read() -> None:
    """Its standard input ends only with the asking process, which the program that measures waits for."""
    bound = "from spectra.bench.cost.lifeline import bind; bind(60);"
    assert run(f"{bound} answer.write_text(repr(sys.stdin.read()) + '\\n')").lines == ("''",)


def alive(process: int) -> bool:
    """Not gone, and not a dead one that nobody has asked for yet."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


ASKING = """
import sys
from spectra.bench.cost.process import carried_out
carried_out([sys.executable, "-P", "-c", sys.argv[1]], "", 600)
"""
ASKED = """
import os, pathlib, subprocess, sys, time
from spectra.bench.cost.lifeline import bind
bind(600)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
place = pathlib.Path({place!r})
place.with_suffix(".new").write_text(f"[{{os.getpid()}}, {{child.pid}}]")
place.with_suffix(".new").rename(place)
time.sleep(600)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nobody_is_left_behind_when_the_asking_process_is_ended(number: int, tmp_path: Path) -> None:
    place = tmp_path / "processes"
    asking = subprocess.Popen(
        [sys.executable, "-c", ASKING, ASKED.format(place=str(place))],
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        wait_for(place.exists)
        processes = json.loads(place.read_text())
        assert all(map(alive, processes))
        asking.send_signal(number)
        wait_for(lambda: not any(map(alive, processes)))
    finally:
        asking.kill()
        asking.wait()


def wait_for(condition: object) -> None:
    assert callable(condition)
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not come about within a minute"
        time.sleep(0.02)
