"""Ctrl-C and SIGTERM while something must first be finished: heeded between two steps, and at once the second time."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Wish:
    """Whether somebody wants to stop, and by which signal."""

    def __init__(self) -> None:
        self.signal: int | None = None

    def __bool__(self) -> bool:
        return self.signal is not None


@contextmanager
def stoppable() -> Iterator[Wish]:
    """Within the block a first signal is only noted; whoever works there looks at the wish and ends well."""
    wish = Wish()
    if threading.current_thread() is not threading.main_thread():  # only the main thread may set handlers
        yield wish
        return

    before = {number: signal.getsignal(number) for number in SIGNALS}

    def note(number: int, frame: FrameType | None) -> None:
        wish.signal = number
        signal.signal(number, before[signal.Signals(number)])  # the second one is heeded at once

    for number in SIGNALS:
        signal.signal(number, note)
    try:
        yield wish
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
