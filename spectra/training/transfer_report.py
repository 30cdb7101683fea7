"""What became of the weights that a run began with, in words and as data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

LISTED = 5


@dataclass(frozen=True)
class Report:
    """What became of every tensor, here and there."""

    origin: str
    copied: tuple[str, ...] = ()
    inflated: Mapping[str, str] = field(default_factory=dict)
    """Spread over another number of image channels, with how many."""
    left: Mapping[str, str] = field(default_factory=dict)
    """As they began, each with the reason."""
    unused: tuple[str, ...] = ()
    """Of those there, what nothing here is called."""

    def described(self) -> dict[str, Any]:
        """For `metrics.json`: every name."""
        return {
            "origin": self.origin,
            "copied": list(self.copied),
            "inflated": dict(self.inflated),
            "left": dict(self.left),
            "unused": list(self.unused),
        }

    def notes(self) -> tuple[str, ...]:
        """For the terminal and the model."""
        told = [f"Begun with weights of {self.origin}. Copied tensors: {counted(self.copied)}."]
        if self.inflated:
            told.append(f"Spread over another number of channels: {listed(self.inflated)}.")
        if self.left:
            told.append(f"As they began, not from {self.origin}: {listed(self.left)}.")
        if self.unused:
            told.append(f"Not used of {self.origin}: {listed(dict.fromkeys(self.unused, ''))}.")
        return tuple(told)


def counted(names: Iterable[str]) -> str:
    """`56 of translator, 20 of stage.train.critic`."""
    counts = Counter(_group(name) for name in names)
    return ", ".join(f"{count} of {group}" for group, count in counts.items()) or "none"


def _group(name: str) -> str:
    parts = name.split(".")
    return ".".join(parts[:3]) if parts[0] == "stage" else parts[0]


def listed(said: Mapping[str, str]) -> str:
    """Counts, and in brackets the first names with what is said of them."""
    lines = [f"{name}: {what}" if what else name for name, what in said.items()]
    return f"{counted(said)} ({'; '.join(shortened(lines))})"


def shortened(lines: list[str]) -> list[str]:
    more = len(lines) - LISTED
    return lines if more <= 0 else [*lines[:LISTED], f"and {more} more"]
