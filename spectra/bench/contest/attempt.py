"""A process of its own for one method: watched, held to a limit of memory, and stopped with us."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, Queue
from threading import Thread
from typing import IO, Any

from spectra.bench.contest.memory import memory_of
from spectra.bench.contest.request import Request
from spectra.bench.counted import Told
from spectra.errors import Stopped
from spectra.training.stopping import Wish, stoppable

COMMAND = (sys.executable, "-P", "-m", "spectra.bench.contest.worker")
"""Without the current folder on its path: a `random.py` that lies there is no part of it."""
LOOK = 0.2
"""Seconds from one look at its memory to the next."""
LINGER = 30.0
"""Seconds from the end of what it says to its own end."""
SILENCE = 3.0
"""Seconds without a word after its end, where somebody else holds its pipe."""
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
    with tempfile.TemporaryFile("w+b") as printed, stoppable() as wish:
        worker = subprocess.Popen(
            COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=printed,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)},  # noqa: PTH109
            start_new_session=True,  # Ctrl-C reaches us alone, and we pass it on once
        )
        with suppress(OSError):  # it ended before it heard anything: how is told below
            _pipe(worker.stdin).write(request.model_dump_json().encode() + b"\n")
            _pipe(worker.stdin).flush()
        failure = _Watch(worker, memory, told, said, wish).ended()
        if wish.signal is not None:
            raise Stopped("Stopped. What is done is kept; the same command goes on with the rest.", wish.signal)
        if failure is None and worker.returncode:
            failure = Failure(_how_it_ended(worker.returncode, _tail(printed)))
        return failure


class _Watch:
    """Listens to a worker until it ends."""

    def __init__(
        self, worker: subprocess.Popen[bytes], memory: int | None, told: Told, said: Callable[[str], None], wish: Wish
    ) -> None:
        self.worker, self.memory, self.told, self.said, self.wish = worker, memory, told, said, wish
        self.lines: Queue[bytes | None] = Queue()
        self.failure: Failure | None = None
        self.asked = False

    def ended(self) -> Failure | None:
        Thread(target=self._listen, daemon=True).start()
        try:
            self._follow()
            self._linger()
        finally:
            self._kill()
            with suppress(OSError):  # words that it never read
                _pipe(self.worker.stdin).close()
        return self.failure

    def _follow(self) -> None:
        """Until it says no more. Its end is looked at too: a child that outlives it may hold its pipe for ever."""
        heard = time.monotonic()
        while (line := self._next()) is not None:
            if line:
                heard = time.monotonic()
                self._hear(line)
            elif self.worker.poll() is not None and time.monotonic() - heard > SILENCE:
                return
            self._look()

    def _linger(self) -> None:
        until = time.monotonic() + LINGER
        while self.worker.poll() is None and time.monotonic() < until:
            time.sleep(LOOK / 20)

    def _kill(self) -> None:
        """The process and whatever it started, which may outlive it."""
        if hasattr(os, "killpg"):
            with suppress(ProcessLookupError, PermissionError):  # nobody is left; macOS refuses for those just gone
                os.killpg(self.worker.pid, signal.SIGKILL)
        self.worker.kill()
        self.worker.wait()

    def _listen(self) -> None:
        with _pipe(self.worker.stdout) as heard:
            for line in heard:
                self.lines.put(line)
        self.lines.put(None)

    def _next(self) -> bytes | None:
        """The next line; empty where there is none for a while, None where there will be none."""
        try:
            return self.lines.get(timeout=LOOK)
        except Empty:
            return b""

    def _hear(self, line: bytes) -> None:
        match _words(line):
            case {"told": [str(what), int(done), int(total)]}:
                self.told(what, done, total)
            case {"said": str(text)}:
                self.said(text)
            case {"failed": str(reason), "trace": str(trace)}:
                self.failure = self.failure or Failure(reason, trace)

    def _look(self) -> None:
        if self.wish and not self.asked:
            self.asked = True
            self.worker.send_signal(signal.SIGTERM)
        if self.memory is None or self.failure is not None:
            return
        held = memory_of(self.worker.pid, self.memory)
        if held is not None and held > self.memory:
            self.failure = Failure(f"It was ended when it held more than {self.memory / 2**30:.3g} GiB of memory.")
            self._kill()


def _words(line: bytes) -> Any:
    """None of a line that is not the worker's own: a plugin that forks may write into whatever is open."""
    try:
        return json.loads(line)
    except ValueError:
        return None


def _how_it_ended(code: int, printed: str) -> str:
    if code < 0:
        name = _signal_name(-code)
        hint = " (the system may have run out of memory)" if name == "SIGKILL" else ""
        how = f"Its process was ended by {name}{hint}"
    else:
        how = f"Its process ended with the code {code}"
    return f"{how}. The last it printed: {printed}" if printed else f"{how}."


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # one of those of real time
        return f"the signal {number}"


def _tail(printed: IO[bytes]) -> str:
    printed.seek(max(0, printed.seek(0, os.SEEK_END) - 4 * TAIL))
    return printed.read().decode("utf-8", "replace")[-TAIL:].strip()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe
