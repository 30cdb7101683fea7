"""Text as it takes room on a terminal, and text that cannot harm one."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator


def one_line(text: str) -> str:
    """Without line breaks; what would steer a terminal or turn the direction of writing is shown by its number."""
    spaced = " ".join(text.split())
    return "".join(letter if letter.isprintable() else f"<{ord(letter):04X}>" for letter in spaced)


def room(text: str) -> int:
    """Columns that it takes: two for a Chinese character, none for an accent of its own."""
    return sum(_room(letter) for letter in text)


def _room(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def padded(text: str, width: int, *, right: bool = False) -> str:
    gap = " " * (width - room(text))
    return gap + text if right else text + gap


def wrapped(text: str, width: int | None, hang: str = "") -> list[str]:
    """Lines of at most the width, all but the first behind `hang`; a word that is longer is broken."""
    if width is None:
        return [text]
    lines: list[str] = []
    line = ""
    for word in _broken(text, max(width - room(hang), 2)):
        start = hang if lines else ""
        if line and room(start) + room(line) + 1 + room(word) > width:
            lines.append(start + line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, (hang if lines else "") + line]


def _broken(text: str, width: int) -> Iterator[str]:
    for word in text.split(" "):
        part = ""
        for letter in word:
            if room(part) + _room(letter) > width:
                yield part
                part = ""
            part += letter
        yield part
