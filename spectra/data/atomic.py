"""Files that are either written whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """Yields a temporary sibling of `path` to write to, and moves it to `path` when the block ends well.

    After any exception, Ctrl-C included, the temporary file is gone and `path` is as it was. `durable=False` leaves
    out the fsync: then a killed process still cannot leave half a file, but a power cut can.
    """
    # Short, so that a name of the longest length allowed still has a sibling; hidden, so that no listing shows it.
    temporary = path.with_name(f".{secrets.token_hex(8)}{path.suffix if len(path.suffix) < 16 else ''}")
    try:
        yield temporary
        if durable:
            _flush(temporary)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_bytes(path: Path, data: bytes) -> None:
    with atomic(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Writes UTF-8 with the line ends as given, the same bytes on every system."""
    write_bytes(path, text.encode())


def _flush(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())
