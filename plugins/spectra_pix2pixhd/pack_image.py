"""Images of an archive, looked at without trust: their headers first, and then whether all of them is there."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

MOST_PIXELS = 2**24
SUFFIXES = {".png": "PNG", ".tif": "TIFF", ".tiff": "TIFF"}
_PNG = b"\x89PNG\r\n\x1a\n"
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}
_PALETTE = 3


class Unfit(Exception):
    """Why something is no image that the challenge takes."""


@dataclass(frozen=True)
class Looked:
    height: int
    width: int
    channels: int
    kind: str
    """Such as `uint8`."""

    def __str__(self) -> str:
        return f"{self.height}×{self.width}×{self.channels} {self.kind}"


def look(content: bytes, suffix: str) -> Looked:
    """Size, channels and type of a whole and undamaged image; `Unfit` says why it is none."""
    found = "PNG" if content.startswith(_PNG) else "TIFF" if content.startswith(_TIFF) else "neither PNG nor TIFF"
    if found != SUFFIXES[suffix.lower()]:
        raise Unfit(f"is {found} by what it holds")
    return _png(content) if found == "PNG" else _tiff(content)


def _png(content: bytes) -> Looked:
    chunks = list(_chunks(content))
    if not chunks or chunks[0][0] != b"IHDR" or len(chunks[0][1]) != 13 or chunks[-1][0] != b"IEND":
        raise Unfit("is damaged or cut off")
    width, height, depth, colour = struct.unpack(">IIBB", chunks[0][1][:10])
    looked = Looked(height, width, _CHANNELS.get(colour, 0), "uint16" if depth == 16 else "uint8")
    _require_size(looked)
    samples = 1 if colour == _PALETTE else looked.channels
    _require_pixels(b"".join(data for name, data in chunks if name == b"IDAT"), height, width * samples * depth)
    return looked


def _require_pixels(packed: bytes, rows: int, bits: int) -> None:
    """No more is unpacked than an image can hold: interlaced, it has up to twice the rows, each with a byte ahead."""
    pixels = zlib.decompressobj()
    try:
        held = pixels.decompress(packed, rows * (2 * (bits // 8) + 16))
    except zlib.error:
        raise Unfit("is damaged: its pixels cannot be unpacked") from None
    if not pixels.eof or len(held) < rows * (bits // 8):
        raise Unfit("is damaged: its pixels are not those of its size")


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(_PNG)
    while place + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, place)
        body = content[place + 4 : place + 8 + length]
        mark = content[place + 8 + length : place + 12 + length]
        if len(mark) < 4 or zlib.crc32(body) != int.from_bytes(mark, "big"):
            raise Unfit("is damaged or cut off")
        yield body[:4], body[4:]
        place += 12 + length


def _tiff(content: bytes) -> Looked:
    from tifffile import TiffFile

    try:
        with TiffFile(BytesIO(content)) as file:
            page = file.pages[0]
            looked = Looked(page.imagelength, page.imagewidth, page.samplesperpixel, str(page.dtype))
            _require_size(looked)
            page.asarray()
    except Unfit:
        raise
    except Exception as why:  # what tifffile says of damage has many types
        raise Unfit(f"is damaged: {why}") from None
    return looked


def _require_size(looked: Looked) -> None:
    if not 0 < looked.height * looked.width <= MOST_PIXELS or not 0 < looked.channels <= 4:
        raise Unfit(f"states to be {looked}, which no result is")
