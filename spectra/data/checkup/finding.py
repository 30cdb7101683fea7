"""What the doctor for pairs can find, and how serious it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """The kinds of findings; each has one meaning, one title and one level."""

    UNREADABLE = "unreadable"
    MISSING = "missing partner"
    SIZE = "sizes differ in a pair"
    SIZES = "sizes differ between pairs"
    DEPTH = "depths differ"
    BANDS = "bands differ"
    VALUES = "not finite"
    SMALL = "too small"
    CONSTANT = "constant"
    SATURATED = "saturated"
    COLOURLESS = "almost colourless"
    SAME_SIDES = "both images the same"
    DUPLICATE = "duplicate"
    NEAR = "near-identical"
    OVERLAP = "overlapping crops"
    LEAK = "leak between splits"
    TORN = "group torn between splits"
    SHIFTED = "shifted pair"
    OFFSET = "all pairs shifted"
    SPLIT = "no split"
    STRANGERS = "strange files"
    NOTE = "to know"


class Level(StrEnum):
    FAULT = "fault"
    """Training or scores would be wrong."""
    WARNING = "warning"
    """Look at it: it may be meant."""
    NOTE = "note"


LEVELS: Mapping[Kind, Level] = {
    Kind.UNREADABLE: Level.FAULT,
    Kind.MISSING: Level.FAULT,
    Kind.SIZE: Level.FAULT,
    Kind.SIZES: Level.NOTE,
    Kind.DEPTH: Level.WARNING,
    Kind.BANDS: Level.FAULT,
    Kind.VALUES: Level.WARNING,
    Kind.SMALL: Level.WARNING,
    Kind.CONSTANT: Level.WARNING,
    Kind.SATURATED: Level.WARNING,
    Kind.COLOURLESS: Level.WARNING,
    Kind.SAME_SIDES: Level.WARNING,
    Kind.DUPLICATE: Level.WARNING,
    Kind.NEAR: Level.WARNING,
    Kind.OVERLAP: Level.WARNING,
    Kind.LEAK: Level.FAULT,
    Kind.TORN: Level.WARNING,
    Kind.SHIFTED: Level.WARNING,
    Kind.OFFSET: Level.FAULT,
    Kind.SPLIT: Level.NOTE,
    Kind.STRANGERS: Level.NOTE,
    Kind.NOTE: Level.NOTE,
}


@dataclass(frozen=True)
class Finding:
    """One thing that was found, and the places it is about: `split/name` where the data has splits."""

    kind: Kind
    text: str
    places: tuple[str, ...] = ()
    side: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    weight: float = 0.0
    """The larger, the worse among findings of its kind: the worst are shown with pictures."""

    @property
    def level(self) -> Level:
        return LEVELS[self.kind]
