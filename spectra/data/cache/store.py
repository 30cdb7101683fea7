"""Decoded arrays in a folder, within a limit, shared by processes: mapped into memory when they are read."""

from __future__ import annotations

import math
import mmap
import os
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from struct import Struct, error
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectra.data.atomic import atomic
from spectra.data.formats.header import DTYPES
from spectra.data.lock import held

SUFFIX = ".pixels"
_MAGIC = b"SPDECOD1"  # band after band, as pictures have them: nothing is sorted when they are read
_HEAD = Struct("<8s20s8s3II")  # magic, key, dtype, height, width, channels, checksum of the pixels
_START = 64  # where the pixels begin
_GOAL = 7 / 8  # of the limit; what is left is for other processes, which do not know yet what this one wrote
_LOW = 3 / 4  # of the limit: down to there, what is old is removed
_UNSEEN = 32  # a process writes at most the limit divided by this before it looks at the folder again
_LEFTOVER = 3600.0  # seconds after which a file that is still being written has lost its writer
_PATIENCE = 2.0  # seconds to wait for another process that is tidying up


@dataclass(frozen=True)
class _Entry:
    used: float
    size: int
    path: Path


class Store:
    """Entries are written whole or not at all, and found damaged where they are. What fails is noted, once."""

    def __init__(self, folder: Path, limit: int, notes: list[str] | None = None) -> None:
        """`notes`: where to write down why images are decoded again and again, if it comes to that."""
        self.folder, self.limit = folder, limit
        self.notes: list[str] = [] if notes is None else notes
        self._noted = False
        self._prefix = str(folder / "_")[:-1]
        self._began = time.time()
        self._guard = threading.Lock()
        self._granted = 0
        self._too_large = int(limit * _GOAL) + 1
        self._given_up = False
        self._checked: set[bytes] = set()

    def get(self, key: bytes, whole: bool = True) -> NDArray[Any] | None:
        """The array of a key, mapped and read-only; None where there is none that is sound.

        Size and header are always looked at; the pixels' checksum once in a process, where they are read ``whole``.
        """
        path = self._path(key)
        try:
            file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except OSError:
            return None
        try:
            status = os.fstat(file)
            mapped = mmap.mmap(file, 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError):  # a folder, or empty
            return None
        finally:
            os.close(file)
        image = self._image(mapped, key, whole)
        if image is not None and status.st_mtime < self._began:
            with suppress(OSError):  # a folder that may only be read
                os.utime(path)
        return image

    def put(self, key: bytes, image: NDArray[Any]) -> None:
        """Keep an array, if there is room or what has not been used lately makes room."""
        try:
            if self._has_room(_START + image.nbytes):
                self._write(key, np.ascontiguousarray(image.transpose(2, 0, 1)))
        except OSError as why:
            self._given_up = True
            self._note(f"Decoded images are not kept: {str(self.folder)!r} cannot be written ({why.strerror or why}).")

    def _path(self, key: bytes) -> str:
        return f"{self._prefix}{key.hex()}{SUFFIX}"

    def _image(self, mapped: mmap.mmap, key: bytes, whole: bool) -> NDArray[Any] | None:
        try:
            magic, own, kind, height, width, channels, checksum = _HEAD.unpack_from(mapped)
            dtype = kind.rstrip(b"\0").decode("ascii")
        except (error, UnicodeDecodeError):
            return None
        if magic != _MAGIC or own != key or dtype not in DTYPES:
            return None
        if len(mapped) != _START + height * width * channels * DTYPES[dtype]:
            return None
        pixels = np.frombuffer(mapped, dtype, offset=_START)
        if whole and key not in self._checked:
            if zlib.crc32(pixels.data) != checksum:
                return None
            self._checked.add(key)
        return pixels.reshape(channels, height, width).transpose(1, 2, 0)

    def _write(self, key: bytes, planes: NDArray[Any]) -> None:
        channels, height, width = planes.shape
        pixels = planes.reshape(-1).view(np.uint8).data
        head = _HEAD.pack(_MAGIC, key, planes.dtype.name.encode(), height, width, channels, zlib.crc32(pixels))
        with atomic(Path(self._path(key)), durable=False) as temporary, temporary.open("xb", buffering=0) as file:
            for part in (memoryview(head.ljust(_START, b"\0")), pixels):
                while part:
                    part = part[file.write(part) :]

    def _has_room(self, size: int) -> bool:
        with self._guard:
            if self._given_up or size >= self._too_large:
                return False
            if size > self._granted:
                self._granted = self._grant(size)
            if size > self._granted:
                self._too_large = size
                self._note(
                    f"Not all decoded images fit into the {self.limit / 1e9:g} GB of `data.cache`: the others are "
                    "decoded anew each time."
                )
                return False
            self._granted -= size
            return True

    def _grant(self, size: int) -> int:
        """How much may be written before the next look: the oldest entries go first, none used since we began."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with _tidying(self.folder / ".lock"):
            entries = sorted(self._entries(), key=lambda entry: entry.used)
            total = sum(entry.size for entry in entries)
            if total + size > self.limit * _GOAL:
                for entry in entries:
                    if entry.used >= self._began or total + size <= self.limit * _LOW:
                        break
                    with suppress(OSError):  # in use, where a system forbids it then, or gone already
                        entry.path.unlink()
                        total -= entry.size
        room = int(self.limit * _GOAL) - total
        return min(room, max(size, self.limit // _UNSEEN))

    def _entries(self) -> Iterator[_Entry]:
        for found in os.scandir(self.folder):
            with suppress(FileNotFoundError):
                status = found.stat(follow_symlinks=False)
                if found.name.endswith(SUFFIX):
                    yield _Entry(_last_use(found.name, status.st_mtime), status.st_size, Path(found))

    def _note(self, text: str) -> None:
        if not self._noted:
            self._noted = True
            self.notes.append(text)


def _last_use(name: str, changed: float) -> float:
    """Of a hidden file, which somebody is writing or has died over: now, or never."""
    if not name.startswith("."):
        return changed
    return 0.0 if changed < time.time() - _LEFTOVER else math.inf


@contextmanager
def _tidying(path: Path) -> Iterator[None]:
    """One process at a time; where another takes long, both at once do no harm, as each removes what it can."""
    patient_until = time.monotonic() + _PATIENCE
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(held(path))
                break
            except BlockingIOError:
                if time.monotonic() > patient_until:
                    break
                time.sleep(0.01)
        yield
