"""Lines of cells as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

QUOTED = frozenset(',"\r\n')


def csv_text(lines: Iterable[Sequence[str]]) -> str:
    """With plain line ends. The writer of the library leaves a lone carriage return unquoted, where readers break."""
    return "".join(",".join(map(_cell, line)) + "\n" for line in lines)


def _cell(text: str) -> str:
    if not QUOTED & set(text):
        return text
    return '"' + text.replace('"', '""') + '"'
