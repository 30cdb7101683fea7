"""NPY: an array of NumPy, (h, w) or (h, w, c). The header is judged first, and pickles are never opened."""

from __future__ import annotations

import os
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from spectra.data.formats.header import Header, require_dtype
from spectra.errors import ImageError

NAME = "NPY"
SUFFIXES = (".npy",)
MAGIC = (b"\x93NUMPY",)


def read_header(file: BinaryIO) -> Header:
    shape, _, dtype = _array_header(file)
    if dtype.hasobject:
        raise ImageError("it holds Python objects, which can run code when opened: save a plain array of numbers")
    name = require_dtype(dtype.newbyteorder("=").name)
    if len(shape) not in (2, 3):
        raise ImageError(f"its array has {len(shape)} axes, and an image has (h, w) or (h, w, c)")
    height, width, channels = (*shape, 1)[:3]
    return Header(height, width, channels, name)


def decode(file: BinaryIO, header: Header) -> NDArray[Any]:
    _, fortran, dtype = _array_header(file)
    missing = header.nbytes - (os.fstat(file.fileno()).st_size - file.tell())
    if missing > 0:
        raise ImageError(f"it is truncated: {missing:,} bytes are missing for {header}")
    shape = (header.height, header.width, header.channels)
    flat = np.fromfile(file, dtype, header.height * header.width * header.channels)
    image = flat.reshape(shape, order="F" if fortran else "C")
    return np.ascontiguousarray(image, dtype=header.dtype)


def check(header: Header) -> None:
    """Every image fits."""


def encode(file: BinaryIO, image: NDArray[Any]) -> None:
    npy.write_array(file, image, allow_pickle=False)


def _array_header(file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    file.seek(0)
    try:
        version = npy.read_magic(file)
        shape, fortran, dtype = readers[version](file)
    except Exception as error:  # whatever a made-up header does to the parser
        raise ImageError(f"its header cannot be read ({type(error).__name__})") from None
    if any(isinstance(size, bool) or size < 0 for size in shape):
        raise ImageError(f"it is damaged: its shape is {shape}")
    return shape, fortran, dtype
