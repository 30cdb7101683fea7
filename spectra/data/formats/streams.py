"""Large plain images written window by window: uncompressed TIFF, and NPY."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from spectra.data.atomic import atomic
from spectra.data.catalogue import Window
from spectra.data.formats import WRITABLE_BY_SUFFIX
from spectra.data.formats.header import Header

SUFFIXES = frozenset({".tif", ".tiff", ".npy"})
_MOST_CLASSIC = 2**32 - 2**25  # bytes that a TIFF addresses with 32 bits, some left for its tags


class Stream:
    """Pixels of one image, row after row from byte `start` on."""

    def __init__(self, file: BinaryIO, start: int, header: Header) -> None:
        self.file, self.start, self.header = file, start, header
        self.pixel = header.nbytes // (header.height * header.width)

    def write(self, window: Window, values: NDArray[Any]) -> None:
        rows = np.ascontiguousarray(values, self.header.dtype).reshape(window.height, -1).view(np.uint8)
        if window.width == self.header.width:
            rows = rows.reshape(1, -1)
        for place, row in enumerate(rows):
            self.file.seek(self.start + ((window.top + place) * self.header.width + window.left) * self.pixel)
            self.file.write(row.data)


@contextmanager
def open_stream(path: Path, header: Header) -> Iterator[Stream]:
    """An image at `path` that appears when the block ends well, with the bytes that `write_image` would write."""
    WRITABLE_BY_SUFFIX[path.suffix.lower()].check(header)
    start = _npy if path.suffix.lower() == ".npy" else _tiff
    with atomic(path, durable=False) as temporary:
        start_at = start(temporary, header)
        with temporary.open("r+b") as file:
            yield Stream(file, start_at, header)


def _npy(path: Path, header: Header) -> int:
    shape = (header.height, header.width, header.channels)
    with path.open("xb") as file:
        said = {"descr": npy.dtype_to_descr(np.dtype(header.dtype)), "fortran_order": False, "shape": shape}
        npy.write_array_header_1_0(file, said)
        start = file.tell()
        file.truncate(start + header.nbytes)
    return start


def _tiff(path: Path, header: Header) -> int:
    import tifffile

    bands = (header.channels,) * (header.channels > 1)
    start, _ = tifffile.imwrite(
        path,
        shape=(header.height, header.width, *bands),
        dtype=header.dtype,
        bigtiff=header.nbytes > _MOST_CLASSIC,
        photometric="rgb" if header.channels == 3 and header.dtype != "float32" else "minisblack",
        planarconfig="contig" if bands else None,
        metadata=None,
        returnoffset=True,
    )
    return int(start)
