"""Names of files for methods, whose own names hold whatever their settings do."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST = 80


def file_names(names: Sequence[str]) -> list[str]:
    """A name for each that any file system takes; no two alike, even where upper and lower case are one."""
    found: list[str] = []
    taken: set[str] = set()
    for name in names:
        safe = "".join(letter if letter.isalnum() or letter in "=.-" else "_" for letter in name)[:LONGEST] or "_"
        free = _free(safe, taken)
        taken.add(free.casefold())
        found.append(free)
    return found


def _free(name: str, taken: set[str]) -> str:
    tried, number = name, 1
    while tried.casefold() in taken:
        number += 1
        tried = f"{name}_{number}"
    return tried
