"""TIFF with any number of bands, contiguous, planar or as a stack of channel pages."""

from __future__ import annotations

import logging
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from spectra.data.formats import opencv
from spectra.data.formats.header import Header, require_dtype
from spectra.errors import ImageError

NAME = "TIFF"
SUFFIXES = (".tif", ".tiff")
MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # little and big endian, and of 64 bits

_UNCOMPRESSED, _JPEG = 1, (6, 7)
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _YCBCR = 0, 1, 2, 6
_STRAIGHT_ALPHA = 2
_ORIENTATION = 274
_MOST_RATIO = 2**16  # above what deflate, LZW, packbits, JPEG and Zstandard reach

logging.getLogger("tifffile").addHandler(logging.NullHandler())  # else its warnings, without a file name, reach stderr


def read_header(file: BinaryIO) -> Header:
    with _opened(file) as tif:
        return _header(tif)


def decode(file: BinaryIO, header: Header) -> NDArray[Any]:
    with _opened(file) as tif:
        _require_data(tif, header)
        image = _pixels(tif, file, header)
        if tif.pages.first.photometric == _WHITE_IS_ZERO:
            image = np.iinfo(image.dtype).max - image
    return np.ascontiguousarray(image, dtype=header.dtype)


def check(header: Header) -> None:
    if header.channels > 65535:
        raise ImageError(f"TIFF holds 65535 bands, not {header.channels}: write .npy")


def encode(file: BinaryIO, image: NDArray[Any]) -> None:
    """Uncompressed: a 1024×1024 RGB is written in 1 ms rather than the 100 ms of zlib, and everyone can read it."""
    import tifffile

    colour = image.shape[2] == 3 and image.dtype != np.float32
    tifffile.imwrite(
        file,
        image if image.shape[2] > 1 else image[..., 0],
        photometric="rgb" if colour else "minisblack",
        planarconfig="contig" if image.shape[2] > 1 else None,
        metadata=None,  # no description that names the shape: the tags say it all
    )


@contextmanager
def _opened(file: BinaryIO) -> Iterator[Any]:
    import tifffile

    file.seek(0)
    try:
        with tifffile.TiffFile(file) as tif:
            yield tif
    except (ImageError, OSError):
        raise
    except Exception as error:  # its parser meets damage with many kinds of error
        raise ImageError(f"it is damaged, truncated or of an unusual kind ({error or type(error).__name__})") from None


def _header(tif: Any) -> Header:
    page = tif.pages.first
    _require_last(tif)
    _require_meaning(page)
    if page.dtype is None:
        raise ImageError(f"its values have {page.bitspersample} bits, which is not a number format of TIFF")
    dtype = require_dtype(page.dtype.name)
    height, width = int(page.imagelength), int(page.imagewidth)  # a damaged tag may hold anything
    if _is_stack(tif):
        return Header(height, width, len(tif.pages), dtype)
    if page.axes not in ("YX", "YXS", "SYX"):
        raise ImageError(f"its axes are {page.axes}, and an image has height, width and bands")
    return Header(height, width, int(page.samplesperpixel), dtype)


def _require_last(tif: Any) -> None:
    """The last page says that none follows. The parser passes over pages beyond the end of a truncated file."""
    file, layout = tif.filehandle, tif.tiff
    file.seek(tif.pages[-1].offset)
    (tags,) = struct.unpack(layout.tagnoformat, file.read(layout.tagnosize))
    file.seek(tags * layout.tagsize, os.SEEK_CUR)
    (following,) = struct.unpack(layout.offsetformat, file.read(layout.offsetsize))
    if following != 0:
        raise ImageError("it is truncated or damaged: pages lie beyond its end")


def _require_meaning(page: Any) -> None:
    kind = page.photometric
    if kind in (_BLACK_IS_ZERO, _RGB) or (kind == _YCBCR and page.compression in _JPEG):
        return
    if kind == _WHITE_IS_ZERO and page.dtype is not None and page.dtype.kind == "u":
        return
    name = getattr(kind, "name", kind)
    raise ImageError(f"its colours are stored as {name}: convert it to grey, RGB or plain bands")


def _is_stack(tif: Any) -> bool:
    """Whether its pages are the bands of one image. Smaller copies of the first page do not count."""
    if not any(not page.is_reduced for page in tif.pages[1:]):
        return False
    if len(tif.series) == 1 and tif.series[0].axes in ("CYX", "SYX") and tif.pages.first.axes == "YX":
        return True
    raise ImageError(
        f"it holds {len(tif.pages)} pages, and nothing in it says that they are the bands of one image: "
        "save each page as a file of its own, or say that they are: "
        "tifffile.imwrite(path, bands, metadata={'axes': 'CYX'})"
    )


def _require_data(tif: Any, header: Header) -> None:
    """Every strip or tile lies within the file, and together they can fill the image. Nothing is allocated before."""
    stored = 0
    for page in tif.pages if _is_stack(tif) else [tif.pages.first]:
        _require_chunks(page.keyframe, page.dataoffsets, page.databytecounts, tif.filehandle.size)
        stored += sum(page.databytecounts)
    ratio = 1 if tif.pages.first.compression == _UNCOMPRESSED else _MOST_RATIO
    if stored * ratio < header.height * header.width * header.channels * tif.pages.first.bitspersample // 8:
        raise ImageError(f"it is truncated or damaged: {stored:,} bytes of data are too few for {header}")


def _require_chunks(page: Any, offsets: Any, counts: Any, size: int) -> None:
    if not len(offsets) == len(counts) == prod(page.chunked):
        raise ImageError(f"it is damaged: it lists {len(offsets)} of {prod(page.chunked)} strips or tiles")
    if not all(offset > 0 and count > 0 for offset, count in zip(offsets, counts, strict=True)):
        raise ImageError("it is sparse or damaged: strips or tiles are left out")
    if any(offset + count > size for offset, count in zip(offsets, counts, strict=True)):
        raise ImageError("it is truncated: strips or tiles lie beyond its end")


def _pixels(tif: Any, file: BinaryIO, header: Header) -> NDArray[Any]:
    page = tif.pages.first
    try:
        image = (tif.series[0] if _is_stack(tif) else page).asarray(maxworkers=1)
    except (ValueError, KeyError) as error:
        if "imagecodecs" not in str(error):
            raise
        return _by_opencv(page, file, header)
    if page.axes == "YXS":
        return np.asarray(image)
    return np.moveaxis(image, 0, 2) if image.ndim == 3 else image[..., None]


def _by_opencv(page: Any, file: BinaryIO, header: Header) -> NDArray[Any]:
    """For compressions that tifffile leaves to a package of its own; only where OpenCV is known to keep every value."""
    turned = _ORIENTATION in page.tags and page.tags[_ORIENTATION].value != 1  # it would turn the pixels
    multiplied = header.dtype == "uint8" and _STRAIGHT_ALPHA in page.extrasamples  # it would multiply by alpha
    bands = header.channels not in (1, 3, 4) or page.axes == "SYX" or header.channels != page.samplesperpixel
    negative = page.photometric == _WHITE_IS_ZERO  # it would invert, and so do we
    packed = page.bitspersample not in (8, 16, 32)  # it would stretch 12 bits to 16
    if not (turned or multiplied or bands or negative or packed):
        file.seek(0)
        return opencv.decode(file.read())
    name = getattr(page.compression, "name", page.compression)
    raise ImageError(f"its compression ({name}) needs a further package: pip install imagecodecs")
