"""TIFF with any number of bands, contiguous, planar or as a stack of channel pages."""

from __future__ import annotations

import logging
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from math import prod
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from spectra.data.catalogue import Window
from spectra.data.formats.header import Header, require_dtype
from spectra.data.formats.reader import Reader, size_of
from spectra.data.formats.tiff_segments import JPEG, require_compression, segments_of
from spectra.errors import ImageError

NAME = "TIFF"
SUFFIXES = (".tif", ".tiff")
MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # little and big endian, and of 64 bits

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _YCBCR = 0, 1, 2, 6
_GEOREFERENCE = (33550, 33922, 34264, 34735, 50844)  # scale, tie points, transformation and keys of GeoTIFF; RPCs
_NODATA = 42113  # text, by GDAL
_STACKS = ("CYX", "SYX")  # bands, rows and columns
_KINDS = frozenset({"ome", "imagej", "shaped"})  # whose notes say that pages are bands

logging.getLogger("tifffile").addHandler(logging.NullHandler())  # else its warnings, without a file name, reach stderr


def reader(file: BinaryIO) -> Reader:
    import tifffile

    file.seek(0)
    with _faults():
        return _Tiff(file, tifffile.TiffFile(file, _multifile=False, **_no_other_kinds()))


class _Tiff(Reader):
    def __init__(self, file: BinaryIO, tif: Any) -> None:
        first = tif.pages.first
        _require_last(tif)
        _require_meaning(first)
        self.pages = list(tif.pages) if _is_stack(tif) else [first]
        self.segments = [segments_of(page) for page in self.pages]
        super().__init__(file, self._header(first))

    def _header(self, page: Any) -> Header:
        if page.axes not in ("YX", "YXS", "SYX"):
            raise ImageError(f"its axes are {page.axes}, and an image has height, width and bands")
        segments = self.segments[0]
        return Header(
            height=segments.height,
            width=segments.width,
            channels=len(self.pages) if len(self.pages) > 1 else int(page.samplesperpixel),
            dtype=require_dtype(page.dtype.name),
            nodata=_number(page.tags.valueof(_NODATA)),
            georeferenced=any(tag in page.tags for tag in _GEOREFERENCE),
            bits=int(page.bitspersample),
            block=segments.block,
            windows=prod(segments.block) < segments.height * segments.width,
        )

    def read(self) -> NDArray[Any]:
        return self.read_window(Window(0, 0, self.header.height, self.header.width))

    def read_window(self, window: Window) -> NDArray[Any]:
        with _faults():
            size = size_of(self.file)
            for segments in self.segments:
                segments.require_data(window, size)
            image = np.empty((window.height, window.width, self.header.channels), self.header.dtype)
            if len(self.segments) == 1:
                self.segments[0].read(self.file, window, image)
            else:
                for band, segments in enumerate(self.segments):
                    segments.read(self.file, window, image[..., band : band + 1])
        if self.pages[0].photometric == _WHITE_IS_ZERO:
            np.subtract(2 ** (self.header.bits or 0) - 1, image, out=image, casting="unsafe")
        return image


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
def _faults() -> Iterator[None]:
    try:
        yield
    except (ImageError, OSError, MemoryError):
        raise
    except Exception as error:  # its parser meets damage with many kinds of error
        raise ImageError(f"it is damaged, truncated or of an unusual kind ({error or type(error).__name__})") from None


@cache
def _no_other_kinds() -> dict[str, bool]:
    """No maker's private notes are followed, nor to other files."""
    from tifffile import TIFF, TiffFile

    names = [f"is_{kind}" for kind in sorted(TIFF.FILE_FLAGS - _KINDS)]
    return {name: False for name in names if getattr(getattr(TiffFile, name, None), "fset", name) is not None}


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
    if page.dtype is None:
        raise ImageError(f"its values have {page.bitspersample} bits, which is not a number format of TIFF")
    require_dtype(page.dtype.name)
    require_compression(page)
    kind = page.photometric
    if kind in (_BLACK_IS_ZERO, _RGB) or (kind == _YCBCR and page.compression == JPEG):
        return
    if kind == _WHITE_IS_ZERO and page.dtype.kind == "u":
        return
    name = getattr(kind, "name", kind)
    raise ImageError(f"its colours are stored as {name}: convert it to grey, RGB or plain bands")


def _is_stack(tif: Any) -> bool:
    """Whether its pages are the bands of one image. Smaller copies of the first page do not count."""
    if not any(not page.is_reduced for page in tif.pages[1:]):
        _require_all(tif)
        return False
    if len(tif.series) == 1 and tif.series[0].axes in _STACKS and tif.pages.first.axes == "YX":
        _require_alike(tif)
        return True
    raise ImageError(
        f"it holds {len(tif.pages)} pages, and nothing in it says that they are the bands of one image: "
        "save each page as a file of its own, or say that they are: "
        "tifffile.imwrite(path, bands, metadata={'axes': 'CYX'})"
    )


def _require_all(tif: Any) -> None:
    """Some writers list the first of many pages alone, and tell of the others in its description.

    Bands one pixel wide, or three with no word of colours, are written as the rows of one page.
    """
    page = tif.pages.first
    if not (page.is_imagej or page.is_shaped or page.is_ome):
        return
    told = tif.series[0]
    turned = told.axes in _STACKS and told.shape[0] > 1 and page.axes != "SYX"
    if turned or prod(told.shape) != prod(page.shape):
        raise ImageError(
            f"its description tells of {' × '.join(map(str, told.shape))} values, and its one page has "
            f"{' × '.join(map(str, page.shape))}: save it with one page a band"
        )


def _require_alike(tif: Any) -> None:
    first = tif.pages.first
    for page in tif.pages:
        other = page.keyframe
        if other.hash != first.hash or other.photometric != first.photometric:
            raise ImageError("it is damaged: its pages, which should be the bands of one image, differ in kind")


def _number(text: object) -> float | None:
    """What GDAL's text says; None where it is no number."""
    if not isinstance(text, str) or len(text) > 64 or "_" in text:
        return None
    try:
        return float(text.strip("\0 \t\r\n"))
    except ValueError:
        return None
