"""Footnotes of a table: a letter for each thing that is said of some of its cells."""

from __future__ import annotations

from dataclasses import dataclass, field

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass
class Footnotes:
    """The same words have the same letter."""

    said: dict[str, str] = field(default_factory=dict)
    """Words, and their letters, in order."""

    def mark(self, words: str) -> str:
        """The letter for these words."""
        return self.said.setdefault(words, _letters(len(self.said)))

    @property
    def lines(self) -> list[tuple[str, str]]:
        return [(letter, words) for words, letter in self.said.items()]


def _letters(place: int) -> str:
    """a to z, then aa, ab, ..."""
    more, last = divmod(place, len(LETTERS))
    return (_letters(more - 1) if more else "") + LETTERS[last]
