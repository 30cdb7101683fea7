"""Where something stands in a text."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Position:
    """A place in a file. Lines and columns count from 1."""

    file: str
    line: int
    column: int


class Lines:
    """Turns the index of a character into a position, counting lines as an editor does."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self._starts = [0, *(end.end() for end in re.finditer(r"\r\n|\n|\r", text))]

    def position(self, index: int) -> Position:
        line = bisect_right(self._starts, index)
        return Position(self.file, line, index - self._starts[line - 1] + 1)
