"""A process of its own for one method: watched, held to a limit of memory, and stopped with us."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import IO, Any

from spectra.bench.contest.request import Request
from spectra.bench.counted import Told
from spectra.errors import Stopped
from spectra.training.stopping import Wish, stoppable

LOOK = 0.2
"""Seconds from one look at its memory to the next."""
LINGER = 30.0
"""Seconds from its last word to its end."""
SHARE = 0.9
"""Of the machine's memory, where no limit is said."""
TAIL = 2000
"""Letters of what it printed that are told when it ends without a word."""


@dataclass(frozen=True)
class Failure:
    """Why there is nothing to score."""

    reason: str
    trace: str = ""


def attempt(
    request: Request, memory: int | None, told: Told, said: Callable[[str], None] = lambda text: None
) -> Failure | None:
    """Let a worker carry out a request; what it could not do is told, and harms nobody else.

    ``memory``: bytes that it may hold, where the system tells how much it does.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as printed, stoppable() as wish:
        worker = subprocess.Popen(
            [sys.executable, "-m", "spectra.bench.contest.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=printed,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            start_new_session=True,  # Ctrl-C reaches us alone, and we pass it on once
        )
        try:
            _pipe(worker.stdin).write(request.model_dump_json() + "\n")
            _pipe(worker.stdin).flush()
        except BrokenPipeError:
            pass  # it ended before it heard anything: how is told below
        failure = _Watch(worker, memory, told, said, wish).ended()
        if wish.signal is not None:
            raise Stopped("Stopped. What is done is kept; the same command goes on with the rest.", wish.signal)
        if failure is None and worker.returncode:
            failure = Failure(_how_it_ended(worker.returncode, _tail(printed)))
        return failure


class _Watch:
    """Listens to a worker until it ends."""

    def __init__(
        self, worker: subprocess.Popen[str], memory: int | None, told: Told, said: Callable[[str], None], wish: Wish
    ) -> None:
        self.worker, self.memory, self.told, self.said, self.wish = worker, memory, told, said, wish
        self.lines: Queue[str | None] = Queue()
        self.failure: Failure | None = None
        self.asked = False

    def ended(self) -> Failure | None:
        listener = Thread(target=self._listen, daemon=True)
        listener.start()
        try:
            while (line := self._next()) is not None:
                if line:
                    self._hear(line)
                self._look()
        except BaseException:
            self.worker.kill()
            raise
        finally:
            self._wait()
            listener.join()
            _pipe(self.worker.stdin).close()
            _pipe(self.worker.stdout).close()
        return self.failure

    def _wait(self) -> None:
        """It has said its last word; what lingers then is ended."""
        try:
            self.worker.wait(LINGER)
        except subprocess.TimeoutExpired:
            self.worker.kill()
            self.worker.wait()

    def _listen(self) -> None:
        for line in _pipe(self.worker.stdout):
            self.lines.put(line)
        self.lines.put(None)

    def _next(self) -> str | None:
        """The next line; empty where there is none for a while, None where there will be none."""
        try:
            return self.lines.get(timeout=LOOK)
        except Empty:
            return ""

    def _hear(self, line: str) -> None:
        said: dict[str, Any] = json.loads(line)
        if "told" in said:
            self.told(*said["told"])
        elif "said" in said:
            self.said(said["said"])
        else:
            self.failure = Failure(said["failed"], said["trace"])

    def _look(self) -> None:
        if self.wish and not self.asked:
            self.asked = True
            self.worker.send_signal(signal.SIGTERM)
        held = memory_of(self.worker.pid) if self.memory else None
        if held is not None and self.memory is not None and held > self.memory and self.failure is None:
            self.failure = Failure(f"It was ended when it held more than {self.memory / 2**30:.3g} GiB of memory.")
            self.worker.kill()


def memory_of(process: int) -> int | None:
    """Bytes that a process holds, its children's too; None where the system does not tell."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
        own = next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:")), 0)
        tasks = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="utf-8").split()
    except (OSError, ValueError):
        return None
    return own + sum(memory_of(int(child)) or 0 for child in tasks)


def memory_limit() -> int | None:
    """What one method may hold where nothing is said: most of what the machine has."""
    if not hasattr(os, "sysconf"):
        return None
    return int(SHARE * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))


def _how_it_ended(code: int, printed: str) -> str:
    if code < 0:
        name = signal.Signals(-code).name
        hint = " (the system may have run out of memory)" if name == "SIGKILL" else ""
        how = f"Its process was ended by {name}{hint}"
    else:
        how = f"Its process ended with the code {code}"
    return f"{how}. The last it printed: {printed}" if printed else f"{how}."


def _tail(printed: IO[str]) -> str:
    printed.seek(0)
    return printed.read()[-TAIL:].strip()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe
