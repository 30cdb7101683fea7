"""Files and folders that appear whole or not at all, and a folder that one process works in."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spectra import SpectraError

LOCK = ".lock"
TEMPORARY = re.compile(r"\.[0-9a-f]{16}(\.\w+)?")


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Yields a temporary sibling, a file or a folder, that takes the name when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{secrets.token_hex(8)}{path.suffix}")
    try:
        yield temporary
        temporary.replace(path)
    except BaseException:
        if temporary.is_dir():
            shutil.rmtree(temporary, ignore_errors=True)
        else:
            temporary.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    with whole(path) as temporary:
        temporary.write_bytes(text.encode())


def write_json(path: Path, content: Any) -> None:
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as why:
        raise SpectraError(f"{str(path)!r} is damaged: {why}. Remove it, and give the same command again.") from None


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One process at a time; a killed one holds nothing."""
    try:
        import fcntl
    except ImportError:  # Windows has no such locks
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SpectraError(
                f"Another process works in {str(folder)!r}. Wait for it, or choose another --out."
            ) from None
        yield


def clear(folder: Path) -> None:
    """What a killed process left half-written."""
    for root, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            if TEMPORARY.fullmatch(name):
                path = Path(root) / name
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
