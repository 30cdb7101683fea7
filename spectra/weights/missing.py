"""What is said of weights that are not here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from spectra import cache
from spectra.errors import SpectraError

from .finding import LOCAL, folders, search
from .known import Entry, entry


class MissingWeights(SpectraError):
    """Pretrained weights that something needs, and that are nowhere. There are no random ones in their place."""

    def __init__(self, message: str, names: tuple[str, ...]) -> None:
        super().__init__(message)
        self.names = names

    @classmethod
    def of(cls, needed: Mapping[str, str]) -> Self:
        """``needed`` maps names of weights to what needs them, such as ``the loss 'vgg'``; empty where unknown."""
        wanted = [entry(name) for name in needed]
        lines = ["Pretrained weights are missing:"]
        for it in wanted:
            lines.append(f"  {it.name} ({it.told_size()}), {_for(needed[it.name], it)}: there is no {it.file}")
            lines += [f"    {reason}." for reason in search(it).refused]
        lines += [f"Looked in: {', '.join(map(str, folders()))}", *remedies(wanted)]
        return cls("\n".join(lines), tuple(needed))


def _for(needed_by: str, wanted: Entry) -> str:
    return f"needed by {needed_by}" if needed_by else f"for {wanted.purpose}"


def remedies(wanted: list[Entry]) -> list[str]:
    return [
        f"Fetch them: spectra weights fetch {' '.join(it.name for it in wanted)}",
        "Without a network, take on another machine",
        *(f"  {it.url}" for it in wanted),
        *by_hand(wanted),
    ]


def by_hand(wanted: list[Entry]) -> list[str]:
    """Where a file that was brought here goes."""
    return [
        "bring it here, and: " + "; ".join(f"spectra weights import {it.url.rpartition('/')[2]}" for it in wanted),
        f"or put it as {', '.join(it.file for it in wanted)} into {cache.weights()},",
        f"or into a folder that {LOCAL} names.",
    ]
