"""One image file held open: what its format says of it, and its pixels, whole or a window of them."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from io import BufferedReader, BytesIO
from typing import Any, BinaryIO

from numpy.typing import NDArray

from spectra.data.catalogue import Window
from spectra.data.formats.header import Header
from spectra.errors import ImageError


class Reader(ABC):
    """The file is the caller's, to open and to close."""

    def __init__(self, file: BinaryIO, header: Header) -> None:
        self.file = file
        self.header = header

    @abstractmethod
    def read(self) -> NDArray[Any]:
        """All pixels, (h, w, c), as the header promises them."""

    def read_window(self, window: Window) -> NDArray[Any]:
        """The pixels of a window; of the whole, cut, where the format (`header.windows`) has nothing better."""
        top, left, height, width = window
        return self.read()[top : top + height, left : left + width].copy()


def read_all(file: BinaryIO) -> bytes:
    """The whole file, past its buffer, which would copy it once more."""
    if isinstance(file, BytesIO):
        return file.getvalue()  # itself, not a copy
    raw = file.raw if isinstance(file, BufferedReader) else file
    raw.seek(0)
    return raw.read() or b""


def size_of(file: BinaryIO) -> int:
    return file.seek(0, os.SEEK_END)


def read_rows(file: BinaryIO, rows: NDArray[Any], start: int, stride: int) -> None:
    """Fills `rows`, contiguous and of two axes, from a file in which one begins at `start` and each `stride` bytes."""
    lines = rows.view("u1")
    if lines.shape[1] == stride:
        lines = lines.reshape(1, -1)
    for at, line in enumerate(lines):
        file.seek(start + at * stride)
        _read_into(file, memoryview(line))


def _read_into(file: BinaryIO, view: memoryview) -> None:
    while view:
        count = file.readinto(view)  # type: ignore[attr-defined]  # at most 2 GiB at a time
        if not count:
            raise ImageError("it is truncated: its end is missing")
        view = view[count:]
