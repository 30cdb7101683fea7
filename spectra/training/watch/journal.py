"""`log.jsonl`: how training went, one JSON object a line."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from typing import Any

from spectra.data.atomic import atomic
from spectra.errors import SpectraError
from spectra.training.progress import Progress, Validation
from spectra.training.watch.monitor import Monitor

Line = dict[str, Any]
TIMES = ("seconds", "at")
"""What differs between a run that was stopped and goes on, and one that was not."""


def read_journal(path: Path) -> list[Line]:
    """All lines; without the last one, where a kill has cut it in half."""
    found: list[Line] = []
    torn = 0
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            line = _parsed(raw)
            if line is not None and torn:
                raise SpectraError(f"Line {torn} of {str(path)!r} is damaged, and others follow it.")
            if line is None:
                torn = torn or number
            else:
                found.append(line)
    return found


class Journal:
    """A watcher that writes a line every so many steps, for the first and last of a stage, and for each validation.

    Each line goes to the file as a whole and at once. A monitor reads along; what it says becomes a line too. It knows
    nothing but the lines, so that a run that goes on says what one without a stop says.
    """

    def __init__(self, path: Path, every: int, told: Callable[[str], None] = lambda text: None) -> None:
        self.path, self.every, self.told = path, every, told
        self.monitor = Monitor()
        self.begun = False
        """Whether the file is this training's own: before that, it is what is left of another."""
        self._seconds: list[float] = []
        """Of the steps since the last line."""

    def stepped(self, progress: Progress) -> None:
        self._seconds.append(progress.seconds)
        if progress.total % self.every == 0 or progress.step in (1, progress.steps):
            self._write(_step_line(progress, sum(self._seconds) / len(self._seconds)))
            self._seconds.clear()

    def validated(self, validation: Validation) -> None:
        self._write(_validation_line(validation))

    def resumed(self, total: int) -> None:
        """Cut what lies beyond the checkpoint, and let the monitor read the rest again."""
        self.monitor = Monitor()
        try:
            if self.path.exists():
                self._cut(total)
        except OSError as why:
            raise self._fault(why) from None
        self.begun = True

    def _cut(self, total: int) -> None:
        with atomic(self.path) as temporary, temporary.open("wb") as kept:
            for line in _readable(self.path):
                if line.get("total", 0) <= total:
                    kept.write(_raw(line))
                    self.monitor.heard(line)

    def closed(self) -> None:
        """Nothing is held open."""

    def _write(self, line: Line) -> None:
        self._append(line)
        for text in self.monitor.heard(line):
            self._append({"kind": "warning", "stage": line["stage"], "total": line["total"], "text": text})
            self.told(f"Step {line['total']}: {text}")

    def _append(self, line: Line) -> None:
        """Without a buffer: what a line says is out of the process when it has been written."""
        raw = _raw({**line, "at": datetime.now(UTC).isoformat(timespec="seconds")})
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with FileIO(self.path, "a" if self.begun else "w") as file:
                if file.write(raw) != len(raw):
                    raise OSError("there is no space left")
        except OSError as why:
            raise self._fault(why) from None
        self.begun = True

    def _fault(self, why: OSError) -> SpectraError:
        return SpectraError(
            f"The log {str(self.path)!r} cannot be written: {why.strerror or why}. Mend that; then the same command "
            "goes on from the last checkpoint."
        )


def _step_line(progress: Progress, seconds: float) -> Line:
    line: Line = {
        "kind": "step",
        "stage": progress.stage,
        "step": progress.step,
        "steps": progress.steps,
        "total": progress.total,
        "epoch": _number(progress.epoch),
        "terms": _numbers_by_player(progress.terms),
        "rates": _numbers(progress.rates),
        "norms": _numbers(progress.norms),
        "seconds": _number(round(seconds, 6)),
    }
    if progress.skipped:
        line["skipped"] = list(progress.skipped)
    if progress.step == 1:
        line["weights"] = _numbers_by_player(progress.weights)
    return line


def _validation_line(validation: Validation) -> Line:
    line: Line = {
        "kind": "validation",
        "stage": validation.stage,
        "total": validation.total,
        "scores": _numbers(validation.scores),
        "metric": validation.metric,
        "better": validation.better,
        "best": validation.best,
        "signs": _numbers(validation.signs),
    }
    if validation.reasons:
        line["reasons"] = dict(validation.reasons)
    if validation.failed:
        line["failed"] = dict(validation.failed)
    if validation.samples is not None:
        line["samples"] = validation.samples.name
    return line


def _numbers_by_player(values: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float | None]]:
    return {player: _numbers(said) for player, said in values.items()}


def _numbers(values: Mapping[str, float | None]) -> dict[str, float | None]:
    return {name: _number(value) for name, value in values.items()}


def _number(value: float | None) -> float | None:
    """JSON has no NaN and no infinity."""
    return value if value is not None and math.isfinite(value) else None


def _raw(line: Mapping[str, Any]) -> bytes:
    return (json.dumps(line, allow_nan=False, ensure_ascii=False) + "\n").encode()


def _parsed(raw: bytes) -> Line | None:
    """None where it is no whole object."""
    try:
        found = json.loads(raw)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _readable(path: Path) -> Iterator[Line]:
    with path.open("rb") as file:
        for raw in file:
            line = _parsed(raw)
            if line is not None:
                yield line
