"""Questions put to a process of its own, because a stranger's code may exit, crash or hang in answering."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from spectra.errors import BrokenPlugin
from spectra.registry import Plugin, reason

# The path of the asking process, and -P: the same packages answer, whatever lies in the working folder.
BOOT = (
    "import json, pathlib, sys; task = json.loads(pathlib.Path(sys.argv[1]).read_text()); sys.path[:] = task['path'];"
    "from spectra.doctor.probe import answer; answer(task['question'], pathlib.Path(sys.argv[2]))"
)
MANY = 8  # processes at once at most: each may hold torch, about 300 MB
LONGEST = 2000  # characters of a reason


@dataclass(frozen=True)
class Question:
    """What one process is asked: to load these plugins, or about the devices."""

    plugins: tuple[Plugin, ...] = ()
    devices: bool = False


@dataclass(frozen=True)
class Answer:
    """What came back, in the order asked, and what cut it short, if anything did."""

    said: list[Any]
    cut: str | None


def ask(questions: Sequence[Question], limit: float) -> list[Answer]:
    """Put each question to a process of its own, several at once; none gets more than ``limit`` seconds."""
    waiting = list(enumerate(questions))
    running: list[_Process] = []
    answers: dict[int, Answer] = {}
    with TemporaryDirectory(prefix="spectra-probe-") as folder:
        try:
            while waiting or running:
                while waiting and len(running) < min(MANY, threads()):
                    number, question = waiting.pop(0)
                    running.append(_Process(number, question, Path(folder), limit))
                for process in [it for it in running if it.over()]:
                    running.remove(process)
                    answers[process.number] = process.answer()
                time.sleep(0.02)
        finally:
            for process in running:
                process.kill()
    return [answers[number] for number in range(len(questions))]


def threads() -> int:
    """The processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Process:
    def __init__(self, number: int, question: Question, folder: Path, limit: float) -> None:
        self.number, self.limit = number, limit
        self.asked = len(question.plugins) + question.devices
        self.report = folder / f"{number}.report"
        task = folder / f"{number}.task"
        asked = {"plugins": [astuple(it) for it in question.plugins], "devices": question.devices}
        task.write_text(json.dumps({"path": sys.path, "question": asked}))
        self.late = False
        self.deadline = time.monotonic() + limit
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", BOOT, str(task), str(self.report)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # what a plugin prints is no part of the answer
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # so that its children can be killed with it
        )

    def over(self) -> bool:
        self.late = self.process.poll() is None and time.monotonic() > self.deadline
        return self.late or self.process.returncode is not None

    def answer(self) -> Answer:
        self.kill()
        lines = self.report.read_text().splitlines(keepends=True) if self.report.exists() else []
        said = [json.loads(line) for line in lines if line.endswith("\n")]  # a killed process may leave half a line
        return Answer(said, None if len(said) == self.asked else self._cut())

    def kill(self) -> None:
        """The process and whatever it started, which may outlive it."""
        if hasattr(os, "killpg"):
            with suppress(ProcessLookupError, PermissionError):  # nobody left; macOS refuses for those just gone
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()

    def _cut(self) -> str:
        code = self.process.returncode
        if self.late:
            return f"it hangs: no answer within {self.limit:g} s"
        if code < 0:
            return f"it crashes the process with {_signal_name(-code)} when it is imported"
        return f"it ends the process with exit code {code} when it is imported"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def answer(question: dict[str, Any], report: Path) -> None:
    """The other side, in the process that was asked: one line of JSON for each thing asked."""
    home = os.getpid()
    for values in question["plugins"]:
        _say(report, home, _fault(Plugin(*values)))
    if question["devices"]:
        _say(report, home, _accelerators())
    os._exit(0)  # threads that a plugin left behind must not keep it


def _say(report: Path, home: int, said: Any) -> None:
    if os.getpid() != home:  # a plugin forked while it was imported, and the child came back here
        os._exit(0)
    with report.open("a") as file:
        file.write(json.dumps(said) + "\n")


def _fault(plugin: Plugin) -> str | None:
    try:
        plugin.load()
    except BrokenPlugin as why:
        return why.reason[:LONGEST]
    except BaseException as why:
        return reason(why)[:LONGEST]
    return None


def _accelerators() -> dict[str, Any]:
    try:
        import torch

        count = torch.cuda.device_count()
        cuda = [torch.cuda.get_device_properties(number) for number in range(count)]
        found = [{"name": it.name, "memory": it.total_memory, "capability": f"{it.major}.{it.minor}"} for it in cuda]
        return {"cuda": found, "mps": torch.backends.mps.is_available(), "error": None}
    except Exception as why:  # a torch whose libraries are missing raises OSError, RuntimeError and others
        return {"cuda": [], "mps": False, "error": reason(why)}
