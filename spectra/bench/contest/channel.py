"""What a worker and whoever asked it say to each other."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

GRACE = 120.0
"""Seconds to save in, for one whose parent is gone."""


class Channel:
    """What the parent process says and hears. What plugins print goes to standard error, where it disturbs nobody."""

    def __init__(self) -> None:
        self._out, self._in = os.fdopen(os.dup(1), "wb"), os.dup(0)
        os.dup2(2, 1)
        with Path(os.devnull).open("rb") as nothing:
            os.dup2(nothing.fileno(), 0)
        self._guard = threading.Lock()

    def asked(self) -> str:
        text = b""
        while not text.endswith(b"\n") and (more := os.read(self._in, 2**16)):
            text += more
        return text.decode()

    def leave_with_parent(self) -> None:
        """Nothing more is said to us, so the end of it is the end of the parent."""
        while os.read(self._in, 2**16):
            pass
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE)
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))  # it does not heed the other

    def told(self, what: str, done: int, total: int) -> None:
        self._say({"told": [what, done, total]})

    def said(self, text: str) -> None:
        self._say({"said": text})

    def failed(self, reason: str, trace: str = "") -> None:
        self._say({"failed": reason, "trace": trace})

    def _say(self, what: dict[str, Any]) -> None:
        with self._guard, suppress(OSError):  # nobody listens any more: it is told to leave, and first it saves
            self._out.write(json.dumps(what).encode() + b"\n")
            self._out.flush()
