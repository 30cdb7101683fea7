"""Where results go: plain images whole or by windows, and GeoTIFFs."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectra.data.catalogue import Window
from spectra.data.formats.header import Header
from spectra.data.formats.streams import SUFFIXES as STREAMED
from spectra.data.formats.streams import open_stream
from spectra.data.geo.raster import SUFFIXES
from spectra.data.geo.result import create_geotiff
from spectra.data.images import write_image
from spectra.errors import ImageError, SpectraError
from spectra.inference import Size
from spectra.translation.inputs import Input

OF_ONE_IMAGE = {errno.ENAMETOOLONG, errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.EILSEQ, errno.EINVAL}
_FULL = 2**20  # bytes free

Write = Callable[[Window, NDArray[Any], NDArray[np.bool_] | None], None]
"""Takes ``(h, w, c)`` of a window, and where there is data."""


class Unwritable(SpectraError):
    """The output folder takes no more images: the next one would fail as this one did."""


def takes_windows(source: Input, output: Path) -> bool:
    return source.geo is not None or output.suffix.lower() in STREAMED


def require_place(source: Input, output: Path, size: Size) -> None:
    """Refused where the result, by its format or its size, would lose or falsify where the image lies."""
    header = source.header
    if source.geo is not None and size != (header.height, header.width):
        raise ImageError(
            f"The image {str(source.path)!r} cannot be translated: it is a GeoTIFF of {header.height}×{header.width}, "
            f"and the model makes results of {size[0]}×{size[1]}, for which its georeference would be wrong. Leave the "
            "georeference out: --no-georeference."
        )
    if source.geo is not None and output.suffix.lower() not in SUFFIXES:
        raise ImageError(
            f"The image {str(source.path)!r} cannot be translated: it is a GeoTIFF, and {output.suffix} holds no "
            "georeference. Choose --format tif, or leave the georeference out: --no-georeference."
        )


@contextmanager
def opened_output(
    source: Input, output: Path, header: Header, *, whole: bool, nodata: float | None, masked: bool, same: bool
) -> Iterator[Write]:
    """The file at `output` appears when the block ends well; in between nothing is seen of it."""
    with _faults_of(output):
        output.parent.mkdir(parents=True, exist_ok=True)
    context: AbstractContextManager[Write]
    if source.geo is not None:
        context = create_geotiff(output, source.geo, header, nodata=nodata, masked=masked, same=same)
    elif whole:
        context = nullcontext(lambda window, values, valid: write_image(output, values))
    else:
        context = _stream(output, header)
    with _faults_of(output):
        write = context.__enter__()
    try:
        yield _guarded(write, output)
    except BaseException as why:  # of the source or the translator: not a fault of the output
        context.__exit__(type(why), why, why.__traceback__)
        raise
    with _faults_of(output):
        context.__exit__(None, None, None)


def _guarded(write: Write, output: Path) -> Write:
    def guarded(window: Window, values: NDArray[Any], valid: NDArray[np.bool_] | None) -> None:
        with _faults_of(output):
            write(window, values, valid)

    return guarded


@contextmanager
def _stream(output: Path, header: Header) -> Iterator[Write]:
    with open_stream(output, header) as stream:
        yield lambda window, values, valid: stream.write(window, values)


@contextmanager
def _faults_of(output: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ImageError) as why:
        cause = why if isinstance(why, OSError) else why.__context__  # `write_image` words what the system said
        if isinstance(cause, OSError) and _of_the_folder(cause, output):
            told = "the disk is full" if _of_gdal(cause) else cause.strerror or cause
            raise Unwritable(f"Stopped: {str(output)!r} cannot be written: {told}.") from None
        raise why if isinstance(why, ImageError) else ImageError(f"{str(output)!r}: {why.strerror}.") from None


def _of_the_folder(why: OSError, output: Path) -> bool:
    if _of_gdal(why):
        return shutil.disk_usage(output.parent).free < _FULL
    return why.errno not in OF_ONE_IMAGE


def _of_gdal(why: OSError) -> bool:
    """Whether GDAL said it, which does not hand on what the system said."""
    return why.errno is None and type(why).__module__.startswith("rasterio")
