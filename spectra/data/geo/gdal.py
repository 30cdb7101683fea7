"""GDAL by rasterio, kept in bounds: GeoTIFF only, no network, no sidecar files, little memory, its faults ours."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spectra.errors import ImageError

CACHE = 64
"""Megabytes of decoded blocks that GDAL may keep."""
WAY_OUT = "pip install 'spectra-translate[geo]', or leave the georeference out: --no-georeference"

_OPTIONS = {
    "GDAL_CACHEMAX": CACHE,
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_TIFF_INTERNAL_MASK": "YES",
    "GTIFF_IMPLICIT_JPEG_OVR": "NO",
}

logging.getLogger("rasterio").addHandler(logging.NullHandler())  # else GDAL's warnings reach stderr


@contextmanager
def gdal() -> Iterator[Any]:
    """Rasterio, with our options for as long as the block runs; refused with the remedy where it is not installed."""
    rasterio = _library()
    # Not `catch_warnings`: that is undone for all threads at once.
    warnings.filterwarnings("ignore", category=rasterio.errors.NotGeoreferencedWarning)
    with rasterio.Env(**_OPTIONS):
        yield rasterio


@contextmanager
def faults_of(path: Path, action: str) -> Iterator[None]:
    """Whatever rasterio and GDAL raise, as an error that names the image."""
    try:
        yield
    except ImageError as error:
        raise ImageError(f"The image {str(path)!r} cannot be {action}: {error}.") from None
    except MemoryError:
        raise ImageError(f"The image {str(path)!r} cannot be {action}: there is not enough memory for it.") from None
    except Exception as error:  # of many kinds: its own, GDAL's, and those of Python where a number is hostile
        cause = error.__cause__ or error  # "See previous exception for details" is of no use
        told = " ".join(str(cause).split()) or type(cause).__name__
        raise ImageError(f"The image {str(path)!r} cannot be {action}: {told.rstrip('.')}.") from error


def local(path: Path) -> Path:
    """The path as GDAL may have it: absolute, so that no name is taken for an address or another driver's."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - `Path.absolute` keeps `..`
    if absolute.parts[1:2] and absolute.parts[1].startswith("vsi"):
        raise ImageError("its path begins as GDAL's virtual folders do: move it")
    return absolute


def _library() -> Any:
    try:
        import rasterio
        import rasterio.enums
        import rasterio.errors
        import rasterio.vrt
        import rasterio.warp
        import rasterio.windows
    except ImportError as why:
        raise ImageError(f"it is a GeoTIFF, which needs rasterio ({why}): {WAY_OUT}") from None
    return rasterio
