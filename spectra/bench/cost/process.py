"""A process that answers in a file, and is ended with all it started: when it is late, and when nobody waits for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

LONGEST = 300  # characters of what it said at its end


@dataclass(frozen=True)
class Outcome:
    lines: tuple[str, ...]
    """What it answered; half a line, as a killed process may leave, is none."""
    cut: str
    """What ended it, if it was not its own doing that it ended."""


def carried_out(command: Sequence[str], request: str, timeout: float) -> Outcome:
    """Run a command with two files more as its arguments: the request, and where the answer goes."""
    with TemporaryDirectory(prefix="spectra-cost-") as place:
        asked, answer, said = (Path(place) / name for name in ("request.json", "answer.jsonl", "errors.txt"))
        asked.write_text(request, encoding="utf-8")
        with said.open("wb") as errors:
            cut = _ended([*command, str(asked), str(answer)], errors.fileno(), timeout)
        lines = answer.read_text(encoding="utf-8", errors="replace").splitlines(True) if answer.exists() else []
        told = f": {last}" if cut and (last := _last_line(said)) else ""
    return Outcome(tuple(line.rstrip("\n") for line in lines if line.endswith("\n")), cut + told)


def _ended(command: Sequence[str], errors: int, timeout: float) -> str:
    """Wait for its end; in words what brought it, empty where it went well."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,  # it ends when this does, and so with this process, whatever ends that
        stdout=subprocess.DEVNULL,  # what a plugin prints is no part of the answer
        stderr=errors,
        env={**os.environ, "PYTHONPATH": _own_path()},
        start_new_session=True,  # so that its children can be killed with it
    )
    try:
        code = process.wait(timeout)
    except subprocess.TimeoutExpired:
        return f"it hangs: no end within {timeout:g} s"
    finally:
        _kill(process)
    if code < 0:
        return f"the process crashed with {_signal_name(-code)}"
    return f"the process ended with exit code {code}" if code else ""


def _own_path() -> str:
    """The same packages answer as ask."""
    return os.pathsep.join(place or str(Path.cwd()) for place in sys.path)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """The process and whatever it started, which may outlive it."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):  # nobody left; macOS refuses for those just gone
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
    if process.stdin is not None:
        process.stdin.close()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _last_line(said: Path) -> str:
    lines = [line.strip() for line in said.read_text(encoding="utf-8", errors="replace").splitlines()]
    return next((line[:LONGEST] for line in reversed(lines) if line), "")
