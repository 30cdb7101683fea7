"""Progress with losses and time left, on standard error: bars where somebody is watching, else now and then a line."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.progress import TimeRemainingColumn as TimeLeft
from rich.text import Text

from spectra.training import progress as training

QUIET_SECONDS = 60.0
"""From one plain line to the next: a run that is shorter says nothing."""
BAR_SECONDS = 0.1
TERMS = 4
"""Losses that are shown, where there is room."""
NUMBERS = 34
"""Columns of a bar's numbers: how many, time left, speed."""
NEW = 0.1
"""What the latest value counts among those before it."""


class Bars:
    """One bar for each thing that goes on. As a watcher of training, it shows losses beside the bar told last."""

    every = 1_000_000_000
    """It never asks for norms."""

    def __init__(self, quiet: bool = False) -> None:
        self.console = Console(stderr=True, highlight=False)
        self.quiet = quiet
        self.length = 40 if self.console.width >= 120 else 8
        columns = (
            TextColumn("{task.description}"),
            BarColumn(self.length),
            MofNCompleteColumn(),
            TimeLeft(compact=True),
            _Speed(),
            TextColumn("[dim]{task.fields[losses]}"),
        )
        watched = self.console.is_terminal and not quiet
        self.progress = Progress(*columns, console=self.console, disable=not watched)
        self.tasks: dict[str, TaskID] = {}
        self.latest: str | None = None
        self.plain = _Plain()

    def __enter__(self) -> Bars:
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.progress.stop()

    def told(self, what: str, done: int, total: int) -> None:
        self.latest = what
        if what not in self.tasks:
            self.tasks[what] = self.progress.add_task(what, total=total, losses="")
            if done > 1:  # it goes on from a checkpoint: what was done before says nothing of the speed
                self.progress.reset(self.tasks[what], total=total, completed=done)
        self.progress.update(self.tasks[what], completed=done, total=total)
        if self.progress.disable and not self.quiet and (line := self.plain.counted(what, done, total)):
            self.console.print(Text(line), soft_wrap=True)

    def say(self, text: str) -> None:
        """A sentence for whoever runs it, above the bars; it is said even where nobody watches."""
        if not self.quiet:
            self.console.print(Text(text), soft_wrap=True)

    def stepped(self, progress: training.Progress) -> None:
        self.plain.take(progress)
        what = self.latest if self.latest in self.tasks else progress.stage
        if self.progress.disable:
            if not self.quiet and (line := self.plain.due(what or progress.stage)):
                self.console.print(Text(line), soft_wrap=True)
            return
        if self.latest is None:
            self.told(progress.stage, progress.step, progress.steps)
            self.latest = None
        if self.plain.shows() or progress.step == progress.steps:
            name = what or progress.stage
            room = self.console.width - len(name) - self.length - NUMBERS
            self.progress.update(self.tasks[name], losses=self.plain.losses(room))

    def validated(self, validation: training.Validation) -> None:
        value = validation.scores.get(validation.metric)
        if validation.best and value is not None and not self.progress.disable:
            self.say(f"Step {validation.total}: {validation.metric} {value:.4g}, the best so far.")

    def resumed(self, total: int) -> None:
        self.say(f"It goes on after step {total}.")

    def closed(self) -> None:
        """Bars end by themselves."""


class _Plain:
    """What a line says: losses, evened out, and the time that is left of the stage."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], float] = {}
        self.seconds: float | None = None
        self.last: training.Progress | None = None
        self.said = self.drawn = time.monotonic()

    def take(self, progress: training.Progress) -> None:
        if self.last is not None and self.last.stage != progress.stage:
            self.values, self.seconds = {}, None
        known = self.seconds
        self.seconds = progress.seconds if known is None else (1 - NEW) * known + NEW * progress.seconds
        for player, terms in progress.terms.items():
            for term, value in terms.items():
                before = self.values.get((player, term), value)
                self.values[player, term] = (1 - NEW) * before + NEW * value
        self.last = progress

    def losses(self, room: int = 100) -> str:
        """The first few that there is room for, by their bare names where no other player has such a term."""
        names = [term for _, term in self.values]
        told = [
            f"{term if names.count(term) == 1 else f'{player}.{term}'} {value:.3g}"
            for (player, term), value in self.values.items()
        ]
        ends = [len("  ".join(told[:count])) for count in range(1, TERMS + 1)]
        return "  ".join(told[: sum(end <= room for end in ends)])

    def shows(self) -> bool:
        if time.monotonic() - self.drawn < BAR_SECONDS:
            return False
        self.drawn = time.monotonic()
        return True

    def counted(self, what: str, done: int, total: int) -> str:
        """A line of what tells no losses, such as the methods of a bench, which learn elsewhere."""
        if self.last is not None or time.monotonic() - self.said < QUIET_SECONDS:
            return ""
        self.said = time.monotonic()
        return f"{what}: {done} of {total}"

    def due(self, what: str) -> str:
        """A line, where a minute has gone by since the one before."""
        if self.last is None or time.monotonic() - self.said < QUIET_SECONDS:
            return ""
        self.said = time.monotonic()
        left = (self.last.steps - self.last.step) * (self.seconds or 0.0)
        return (
            f"{what}: step {self.last.step} of {self.last.steps}, {_pace(self.seconds)}, {_duration(left)} left; "
            f"{self.losses()}"
        )


class _Speed(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(_pace(1 / task.speed if task.speed else None) if "losses" in task.fields else "", style="dim")


def _pace(seconds: float | None) -> str:
    if not seconds:
        return ""
    return f"{1 / seconds:.1f}/s" if seconds < 1 else f"{seconds:.1f} s each"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes >= 90:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{minutes} min" if minutes else "less than a minute"
