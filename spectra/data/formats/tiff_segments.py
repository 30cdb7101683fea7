"""Strips and tiles of TIFF pages: only those that a window touches are read and decoded."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from spectra.data.catalogue import Window
from spectra.data.formats import jpeg
from spectra.data.formats.reader import read_rows
from spectra.errors import ImageError

JPEG = 7
_UNCOMPRESSED = 1
_RATIOS = {  # what no stream grows by, and thus what a damaged header can make us allocate
    _UNCOMPRESSED: 1,
    5: 4096,  # LZW: a string of the table by 12 bits
    JPEG: 4096,  # a block of 64 pixels of three colours by a bit
    8: 1040,  # deflate
    32946: 1040,  # its older number
    32773: 64,  # packbits
    34925: 2**16,  # LZMA
    50000: 2**16,  # Zstandard
}
_WHOLE_BYTES = (8, 16, 32)


def require_compression(page: Any) -> None:
    """Only codecs whose results cannot grow beyond the strip or tile."""
    if page.compression not in _RATIOS:
        name = getattr(page.compression, "name", page.compression)
        raise ImageError(f"its compression ({name}) is not read: save it with deflate, LZW, Zstandard or none")


def segments_of(page: Any) -> Segments:
    """Where a page keeps its strips or tiles. A damaged tag may hold anything."""
    kept = page.keyframe
    height, width, samples = int(kept.imagelength), int(kept.imagewidth), int(kept.samplesperpixel)
    if min(height, width, samples) < 1:
        raise ImageError(f"it has no pixels ({width}×{height}, {samples} channels)")
    tiled = bool(kept.is_tiled)
    block = (int(kept.tilelength), int(kept.tilewidth)) if tiled else (int(kept.rowsperstrip), width)
    if min(block) < 1 or (tiled and kept.tiledepth != 1):
        raise ImageError("it is damaged: its strips or tiles have no size")
    segments = Segments(page, height, width, samples, block, kept.planarconfig == 2)
    segments.require_listed()
    return segments


@dataclass(frozen=True)
class Segments:
    page: Any
    height: int
    width: int
    samples: int
    stored: tuple[int, int]
    """Height and width of a strip or tile."""
    planar: bool

    @property
    def plain(self) -> bool:
        """Whether rows lie in the file as in memory, but for the order of bytes."""
        kept = self.page.keyframe
        unchanged = kept.compression == _UNCOMPRESSED and kept.predictor == 1 and kept.fillorder == 1
        return unchanged and not kept.is_tiled and kept.bitspersample in _WHOLE_BYTES

    @property
    def block(self) -> tuple[int, int]:
        """What is decoded at a time."""
        return (1, self.width) if self.plain else self.stored

    @property
    def planes(self) -> int:
        return self.samples if self.planar else 1

    @property
    def grid(self) -> tuple[int, int]:
        return -(-self.height // self.stored[0]), -(-self.width // self.stored[1])

    def require_listed(self) -> None:
        expected = self.planes * self.grid[0] * self.grid[1]
        offsets, counts = self.page.dataoffsets, self.page.databytecounts
        if not len(offsets) == len(counts) == expected:
            raise ImageError(f"it is damaged: it lists {len(offsets)} of {expected} strips or tiles")

    def require_data(self, window: Window, size: int) -> None:
        """What the window touches lies within the file and can fill it. Nothing is allocated before."""
        kept, stored = self.page.keyframe, 0
        for index, *_ in self._touched(window):
            offset, count = int(self.page.dataoffsets[index]), int(self.page.databytecounts[index])
            if offset <= 0 or count <= 0:
                raise ImageError("it is sparse or damaged: strips or tiles are left out")
            if offset + count > size:
                raise ImageError("it is truncated: strips or tiles lie beyond its end")
            stored += count
        if stored * _RATIOS[kept.compression] < window.height * window.width * self.samples * kept.bitspersample // 8:
            raise ImageError(
                f"it is truncated or damaged: {stored:,} bytes are too few for {window.width}×{window.height} pixels"
            )

    def read(self, file: BinaryIO, window: Window, image: NDArray[Any]) -> None:
        """Fills `image`, (h, w, bands), with the window."""
        if not self.plain:
            self._decode(file, window, image)
        elif image.flags.c_contiguous and not self.planar:
            self._rows(file, window, 0, image)
        else:  # one band after the other, each by way of its own plane
            plane = np.empty((*image.shape[:2], 1), image.dtype)
            for band in range(self.samples):
                self._rows(file, window, band, plane)
                image[..., band : band + 1] = plane

    def _touched(self, window: Window) -> Iterator[tuple[int, int, int, int]]:
        """Index, plane, and first row and column of each strip or tile that shares a pixel with the window."""
        top, left, height, width = window
        (tall, wide), (rows, columns) = self.stored, self.grid
        for plane in range(self.planes):
            for row in range(top // tall, (top + height - 1) // tall + 1):
                for column in range(left // wide, (left + width - 1) // wide + 1):
                    yield (plane * rows + row) * columns + column, plane, row * tall, column * wide

    def _decode(self, file: BinaryIO, window: Window, image: NDArray[Any]) -> None:
        page, kept = self.page, self.page.keyframe
        for index, plane, top, left in self._touched(window):
            data = _exactly(file, page.dataoffsets[index], page.databytecounts[index])
            self._require_block(data, top)
            decoded, _, _ = kept.decode(data, index, jpegtables=page.jpegtables, jpegheader=page.jpegheader)
            bands = image[..., plane : plane + 1] if self.planar else image
            if decoded.dtype != bands.dtype or decoded.shape[-1] != bands.shape[-1]:
                raise ImageError("it is damaged: a strip or tile holds values of another kind")
            _paste(decoded[0], top - window.top, left - window.left, bands)

    def _require_block(self, data: bytes, top: int) -> None:
        """What is decoded is no larger than the strip or tile, nor than so few bytes can be."""
        kept, (tall, wide) = self.page.keyframe, self.stored
        if kept.compression == JPEG:
            frame = jpeg.frame(io.BytesIO(data))
            if frame.height > tall or frame.width > wide or frame.channels > self.samples:
                raise ImageError("it is damaged: the JPEG in a strip or tile is larger than that")
        rows = tall if kept.is_tiled else min(tall, self.height - top)
        needed = rows * wide * (1 if self.planar else self.samples) * kept.bitspersample // 8
        if kept.compression != _UNCOMPRESSED and needed > len(data) * _RATIOS[kept.compression]:
            raise ImageError(f"it is damaged: {len(data):,} bytes are too few for a strip or tile")

    def _rows(self, file: BinaryIO, window: Window, plane: int, image: NDArray[Any]) -> None:
        """From a file that keeps rows as they are, those of the window, for all bands or for one plane of them."""
        top, left, height, _ = window
        order = self.page.keyframe.parent.byteorder
        lines = image.reshape(height, -1)
        pixel = image.itemsize * image.shape[2]
        for index, _, start, _ in filter(lambda touched: touched[1] == plane, self._touched(window)):
            first, end = max(start, top), min(start + self.stored[0], top + height)
            if (end - start) * self.width * pixel > self.page.databytecounts[index]:
                raise ImageError("it is truncated or damaged: a strip is too short")
            begin = self.page.dataoffsets[index] + ((first - start) * self.width + left) * pixel
            read_rows(file, lines[first - top : end - top], begin, self.width * pixel)
        if np.dtype(order + image.dtype.char) != image.dtype:
            image.byteswap(inplace=True)


def _exactly(file: BinaryIO, offset: int, count: int) -> bytes:
    file.seek(offset)
    data = file.read(count)
    if len(data) < count:
        raise ImageError("it is truncated: its end is missing")
    return data


def _paste(block: NDArray[Any], top: int, left: int, image: NDArray[Any]) -> None:
    """Puts a block whose corner lies at (top, left) of the image where the two share pixels."""
    block = block[max(-top, 0) :, max(-left, 0) :]
    part = image[max(top, 0) : max(top, 0) + block.shape[0], max(left, 0) : max(left, 0) + block.shape[1]]
    part[...] = block[: part.shape[0], : part.shape[1]]
