"""JPEG of 8 bits, read only: it forgets what it was given, so nothing of ours is written with it.

It carries no checksum: a flipped bit inside the scan reads as slightly different pixels, and no reader can know.
"""

from __future__ import annotations

import re
import struct
from typing import Any, BinaryIO, NamedTuple

from numpy.typing import NDArray

from spectra.data.formats import opencv
from spectra.data.formats.header import Header
from spectra.data.formats.reader import Reader, read_all
from spectra.errors import ImageError

NAME = "JPEG"
SUFFIXES = (".jpg", ".jpeg")
MAGIC = (b"\xff\xd8\xff",)

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_READABLE_FRAMES = (0xC0, 0xC1, 0xC2)  # baseline, extended and progressive, by Huffman codes
_SCAN, _END = 0xDA, 0xD9
_SEGMENT = struct.Struct(">BBH")  # a marker of two bytes, and the length of what follows, itself included
_FRAME = struct.Struct(">BHHB")
_BARE = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a segment
_NEXT_MARKER = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]", re.DOTALL)  # inside a scan
_PIXELS_A_BYTE = 1024  # a block of 64 pixels takes at least a bit, colour at quarter size included
_TRUNCATED = "it is truncated: its end is missing"


def reader(file: BinaryIO) -> Reader:
    return _Jpeg(file, _header(*frame(file)))


class _Jpeg(Reader):
    def read(self) -> NDArray[Any]:
        data = read_all(self.file)
        if self.header.height * self.header.width > len(data) * _PIXELS_A_BYTE:
            raise ImageError(f"it is damaged: its data is too short for {self.header}")
        _require_end(data)
        return opencv.decode(data, rgb=self.header.channels == 3)


class Frame(NamedTuple):
    """What the frame header of a JPEG stream says."""

    marker: int
    precision: int
    height: int
    width: int
    channels: int


def frame(file: BinaryIO) -> Frame:
    at = 2
    while True:
        file.seek(at)
        lead, marker, length = _SEGMENT.unpack(file.read(4).ljust(4, b"\0"))
        if lead != 0xFF:
            raise ImageError("it is damaged or truncated: a marker is missing")
        if marker == 0xFF:  # any number of them may fill the gap
            at += 1
        elif marker in _BARE:
            at += 2
        elif marker in (_SCAN, _END):
            raise ImageError("it is damaged: no frame stands before its pixels")
        elif length < (8 if marker in _FRAMES else 2):
            raise ImageError("it is damaged or truncated: a segment is too short")
        elif marker in _FRAMES:
            return Frame(marker, *_FRAME.unpack(file.read(6).ljust(6, b"\0")))
        else:
            at += 2 + length


def _header(marker: int, precision: int, height: int, width: int, channels: int) -> Header:
    if marker not in _READABLE_FRAMES:
        raise ImageError("it is a JPEG of a rare kind (lossless, arithmetic or hierarchical): convert it to PNG")
    if precision != 8:
        raise ImageError(f"it is a JPEG of {precision} bits, and 8 are read: convert it to 16-bit PNG or TIFF")
    if channels not in (1, 3):
        kind = "CMYK, for print" if channels == 4 else f"{channels} channels"
        raise ImageError(f"it is a JPEG of {kind}, and grey or RGB are read: convert it to RGB")
    return Header(height, width, channels, "uint8")


def _require_end(data: bytes) -> None:
    """Finds the end marker, without which the decoder may fill the rest with grey.

    The walk over segments and scans is only for files with something behind that marker, as some cameras write.
    """
    if data.endswith(b"\xff\xd9"):
        return
    at = 2
    while found := _NEXT_MARKER.search(data, at):
        marker, at = data[found.end() - 1], found.end()
        if marker == _END:
            return
        if marker not in _BARE:
            at += max(int.from_bytes(data[at : at + 2]), 2)
    raise ImageError(_TRUNCATED)
