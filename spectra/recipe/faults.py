"""What is wrong with a recipe, where it stands, and the error that lists all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from spectra.errors import RecipeError

LISTED = 100  # a hostile file can hold thousands; nobody reads more than this


@dataclass(frozen=True)
class Fault:
    """One thing to mend. Lines and columns count from 1; 0 means unknown."""

    message: str
    path: tuple[str | int, ...] = ()
    file: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        position = [str(number) for number in (self.line, self.column) if number] if self.file else []
        place = ":".join([self.file, *position]) if self.file else ""
        message = self.message.replace("\n", "\n    ")
        return f"{place}: {message}" if place else message


class Faults(RecipeError):
    """A recipe error that still knows its faults one by one, in the order of the file."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.file, fault.line, fault.column)))
        super().__init__(_listing(self.faults))


def raise_faults(faults: Sequence[Fault]) -> NoReturn:
    """Raise one error that lists all faults by file and position. At least one is needed."""
    if not faults:
        raise ValueError("raise_faults needs at least one fault.")
    raise Faults(faults)


def clipped(text: str, length: int = 40) -> str:
    """The text in quotes, cut where it is too long for a message."""
    return repr(text) if len(text) <= length else f"{text[:length]!r}…"


def _listing(faults: Sequence[Fault]) -> str:
    if len(faults) == 1:
        return str(faults[0])
    files = dict.fromkeys(fault.file for fault in faults if fault.file)
    place = f" in {', '.join(files)}" if files else ""
    lines = [str(fault) for fault in faults[:LISTED]]
    if len(faults) > LISTED:
        lines.append(f"... and {len(faults) - LISTED} more.")
    return "\n".join([f"{len(faults)} faults{place}:", *lines])
