"""NPY: an array of NumPy, (h, w) or (h, w, c). The header is judged first, and pickles are never opened."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from spectra.data.catalogue import Window
from spectra.data.formats.header import Header, require_dtype
from spectra.data.formats.reader import Reader, read_rows, size_of
from spectra.errors import ImageError

NAME = "NPY"
SUFFIXES = (".npy",)
MAGIC = (b"\x93NUMPY",)


_LONGEST_HEADER = 10_000  # of NumPy, which reads a longer one to its end before it refuses it


@dataclass(frozen=True)
class Layout:
    """How an array lies in the file: values of `dtype` from byte `start` on."""

    header: Header
    fortran: bool
    dtype: np.dtype[Any]
    start: int

    @property
    def end(self) -> int:
        return self.start + self.header.nbytes

    @property
    def order(self) -> Literal["C", "F"]:
        return "F" if self.fortran else "C"


def reader(file: BinaryIO) -> Reader:
    file.seek(0)
    return _Npy(file, layout(file.read(_LONGEST_HEADER + 12)))


def layout(start: bytes) -> Layout:
    """What the first bytes of an NPY file say."""
    shape, fortran, dtype, end = _array_header(io.BytesIO(start))
    if dtype.hasobject:
        raise ImageError("it holds Python objects, which can run code when opened: save a plain array of numbers")
    name = require_dtype(dtype.newbyteorder("=").name)
    if len(shape) not in (2, 3):
        raise ImageError(f"its array has {len(shape)} axes, and an image has (h, w) or (h, w, c)")
    height, width, channels = (*shape, 1)[:3]
    return Layout(Header(height, width, channels, name, windows=True), fortran, dtype, end)


class _Npy(Reader):
    def __init__(self, file: BinaryIO, found: Layout) -> None:
        super().__init__(file, found.header)
        self.found = found

    def read(self) -> NDArray[Any]:
        return self.read_window(Window(0, 0, self.header.height, self.header.width))

    def read_window(self, window: Window) -> NDArray[Any]:
        """Fortran's order is that of C with the axes turned round: bands of columns of single values."""
        missing = self.found.end - size_of(self.file)
        if missing > 0:
            raise ImageError(f"it is truncated: {missing:,} bytes are missing for {self.header}")
        top, left, height, width = window
        whole, channels = self.header, self.header.channels
        if self.found.fortran:
            bands = self._cut((channels, whole.width, whole.height), left, top, (width, height))
            image = bands.transpose(2, 1, 0)
        else:
            rows = self._cut(
                (1, whole.height, whole.width * channels), top, left * channels, (height, width * channels)
            )
            image = rows.reshape(height, width, channels)
        return np.ascontiguousarray(image, dtype=whole.dtype)

    def _cut(self, shape: tuple[int, int, int], row: int, column: int, size: tuple[int, int]) -> NDArray[Any]:
        """From each plane of an array in C order, `size` values from (row, column) on."""
        planes, rows, columns = shape
        itemsize = self.found.dtype.itemsize
        cut = np.empty((planes, *size), self.found.dtype)
        for plane in range(planes):
            start = self.found.start + ((plane * rows + row) * columns + column) * itemsize
            read_rows(self.file, cut[plane], start, columns * itemsize)
        return cut


def check(header: Header) -> None:
    """Every image fits."""


def encode(file: BinaryIO, image: NDArray[Any]) -> None:
    npy.write_array(file, image, allow_pickle=False)


def _array_header(file: io.BytesIO) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    try:
        version = npy.read_magic(file)
        shape, fortran, dtype = readers[version](file)
    except Exception as error:  # whatever a made-up header does to the parser
        raise ImageError(f"its header cannot be read ({type(error).__name__})") from None
    if any(isinstance(size, bool) or size < 0 for size in shape):
        raise ImageError(f"it is damaged: its shape is {shape}")
    return shape, fortran, dtype, file.tell()
