"""A lock file, which one process holds at a time; it is there only while it is held."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


@contextmanager
def held(path: Path) -> Iterator[bool]:
    """Hold the lock for as long as the block runs; BlockingIOError where another does.

    A killed process holds it no longer, and the file that it left is taken over. Yields whether the lock surely is
    held: not every system and not every file system has locks.
    """
    if fcntl is None:
        yield False
        return
    file, surely = _taken(path)
    with file:
        try:
            yield surely
        finally:
            with suppress(OSError):  # a file that stays is in nobody's way
                path.unlink()


def _taken(path: Path) -> tuple[TextIOWrapper, bool]:
    while True:
        file = path.open("a", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise
        except OSError:
            return file, False
        if _lies_at(path, file):
            return file, True
        file.close()  # between the opening and the locking, the one who held it has ended and removed it


def _lies_at(path: Path, file: TextIOWrapper) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False
