"""Which contents a file has: its hash, found out once for as long as the file stays as it is."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from spectra.data.cache.plain import Spot
from spectra.data.catalogue import Part
from spectra.data.images import Header

HASH_BYTES = 20
_FRESH = 2.0  # seconds: a file as young as that may change once more without a new time of change

Mark = tuple[int, int, int, int, int]


@dataclass
class Contents:
    """What is known of a file in the state that ``mark`` stands for."""

    mark: Mark
    lasting: bool
    """Whether the mark is sure to change with the file."""
    is_npy: bool = False
    digest: bytes | None = None
    keys: dict[Part, bytes] = field(default_factory=dict)
    """Under which its parts are kept."""
    headers: dict[Part, Header] = field(default_factory=dict)
    plain: Spot | None = None
    """Where its pixels lie as they are; None while nobody has looked, or where they do not."""
    looked: bool = False


class KnownFiles:
    """Contents by path, forgotten when the file changes. Threads may share it: they would find the same."""

    def __init__(self) -> None:
        self._known: dict[Path, Contents] = {}

    def contents(self, path: Path) -> Contents | None:
        """None where the file cannot be looked at: whoever reads it will say why."""
        try:
            status = path.stat()
        except OSError:
            return None
        mark = mark_of(status)
        known = self._known.get(path)
        if known is None or known.mark != mark or not known.lasting:
            young = max(status.st_mtime, status.st_ctime) > time.time() - _FRESH
            known = self._known[path] = Contents(mark, not young, path.suffix.lower() == ".npy")
        return known

    def digest(self, path: Path, contents: Contents) -> bytes | None:
        """A hash of all bytes of the file; None where it cannot be read, or is no longer in that state."""
        if contents.digest is None:
            try:
                with path.open("rb", buffering=0) as file:
                    found = _hashed(file)
                    if mark_of(os.fstat(file.fileno())) != contents.mark:
                        return None
            except OSError:
                return None
            contents.digest = found
        return contents.digest

    def unchanged(self, path: Path, contents: Contents) -> bool:
        try:
            return mark_of(path.stat()) == contents.mark
        except OSError:
            return False


def mark_of(status: os.stat_result) -> Mark:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _hashed(file: BinaryIO) -> bytes:
    return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=HASH_BYTES)).digest()  # type: ignore[arg-type]
