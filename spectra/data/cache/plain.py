"""TIFF files that hold their pixels as they are: read from their place, at once, they need no cache."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectra.data.catalogue import Window

SUFFIXES = (".tif", ".tiff")


@dataclass(frozen=True)
class Spot:
    """Where the pixels of an image lie in its file, one after another in the order of the array."""

    offset: int
    shape: tuple[int, int, int]
    dtype: np.dtype[Any]

    def read(self, path: Path, window: Window | None = None) -> NDArray[Any] | None:
        """The pixels, copied: a map of a file that its owner may shorten could end the process. None: too few.

        Of a window, its rows are read.
        """
        height, width, channels = self.shape
        top, left, rows, columns = window or Window(0, 0, height, width)
        row = width * channels
        start = self.offset + top * row * self.dtype.itemsize
        try:
            values = np.fromfile(path, self.dtype, rows * row, offset=start)
        except (OSError, ValueError):
            return None
        return values.reshape(rows, width, channels)[:, left : left + columns] if values.size == rows * row else None


def spot_of(path: Path, image: NDArray[Any]) -> Spot | None:
    """Where the values of this image, which was read from the file, lie in it; None where they do not."""
    if path.suffix.lower() not in SUFFIXES or image.ndim != 3:
        return None
    try:
        offset = _offset(path, image.nbytes)
    except Exception:  # whatever a strange file does to the parser: it has been read, and will be as before
        return None
    if offset is None:
        return None
    height, width, channels = image.shape
    spot = Spot(offset, (height, width, channels), image.dtype)
    found = spot.read(path)
    same = found is not None and np.array_equal(found.view(np.uint8), np.ascontiguousarray(image).view(np.uint8))
    return spot if same else None


def _offset(path: Path, size: int) -> int | None:
    if path.stat().st_size < size:
        return None
    import tifffile

    with tifffile.TiffFile(path) as tif:
        page: Any = tif.pages.first
        contiguous = page.compression == 1 and page.is_contiguous
        return int(page.dataoffsets[0]) if contiguous else None
