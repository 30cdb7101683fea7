"""Ctrl-C and SIGTERM while something must first be finished: heeded between two steps, and at once the second time."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeAlias

SIGNALS = (signal.SIGINT, signal.SIGTERM)
Handler: TypeAlias = Callable[[int, FrameType | None], Any] | int | None


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

    before: dict[int, Handler] = {number: signal.getsignal(number) for number in SIGNALS}

    def note(number: int, frame: FrameType | None) -> None:
        wish.signal = number
        _handle(before)  # the second one, whichever it is, is heeded at once

    for number in SIGNALS:
        signal.signal(number, note)
    try:
        yield wish
    finally:
        _handle(before)


def _handle(handlers: Mapping[int, Handler]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, signal.SIG_DFL if handler is None else handler)  # none: it was not set by Python
