"""Progress on standard error: bars with the time left where somebody is watching, else a line now and then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

QUIET_SECONDS = 60.0


@contextmanager
def bars() -> Iterator[Callable[[str, int, int], None]]:
    """One bar for each task."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    known: dict[str, TaskID] = {}
    lines = _Lines(console)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:

        def told(what: str, done: int, total: int) -> None:
            if what not in known:
                known[what] = progress.add_task(what, total=total)
            progress.update(known[what], completed=done, total=total)
            if not console.is_terminal:
                lines.told(what, done, total)

        yield told


class _Lines:
    """At most one a minute."""

    def __init__(self, console: Console) -> None:
        self.console, self.said = console, time.monotonic()
        self.what, self.begun, self.first = "", time.monotonic(), 0

    def told(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if what != self.what:
            self.what, self.begun, self.first = what, now, done
        if now - self.said < QUIET_SECONDS:
            return
        self.said = now
        pace = (now - self.begun) / max(1, done - self.first)
        self.console.print(f"{what}: {done} of {total}, {round((total - done) * pace / 60)} min left", soft_wrap=True)
