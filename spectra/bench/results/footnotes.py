"""Footnotes of one table: letters for numbers that are of another kind, numbers for all else that is to be said."""

from __future__ import annotations

from collections.abc import Collection
from string import ascii_lowercase

from spectra.bench.results.columns import together
from spectra.bench.results.sheet import Footnote

NAMED = 3
"""Of more methods than so many, the marks in the table say of whom."""


class Footnotes:
    """What is said of several things is said once; `metrics` are those of the table."""

    def __init__(self, metrics: Collection[str] = ()) -> None:
        self._metrics = metrics
        self._letters: dict[str, dict[str, None]] = {}
        self._numbers: dict[str, dict[str, None]] = {}

    def letter(self, subject: str, text: str) -> str:
        self._letters.setdefault(text, {})[subject] = None
        return _letters(list(self._letters).index(text))

    def number(self, subject: str, text: str) -> str:
        self._numbers.setdefault(text, {})[subject] = None
        return str(list(self._numbers).index(text) + 1)

    def all(self) -> tuple[Footnote, ...]:
        lettered = [
            Footnote(_letters(place), self._said(subjects, text))
            for place, (text, subjects) in enumerate(self._letters.items())
        ]
        numbered = [
            Footnote(str(place), self._said(subjects, text))
            for place, (text, subjects) in enumerate(self._numbers.items(), start=1)
        ]
        return (*lettered, *numbered)

    def _said(self, subjects: dict[str, None], text: str) -> str:
        """Of which metrics it is said, or of which methods where these are few."""
        names = together(subjects, self._metrics)
        methods = [name for name in subjects if name not in self._metrics]
        return text if len(methods) > NAMED else f"{', '.join(names)}: {text}"


def _letters(place: int) -> str:
    """a to z, then aa, ab and so on."""
    more, last = divmod(place, len(ascii_lowercase))
    return (_letters(more - 1) if more else "") + ascii_lowercase[last]
