"""The image under translation, held open: read whole or by windows, by the plain readers or as a GeoTIFF."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectra.data.catalogue import Window
from spectra.data.formats.header import Header
from spectra.data.geo.raster import GeoImage, is_geotiff, open_geotiff
from spectra.data.images import OpenImage
from spectra.errors import ImageError


@dataclass(frozen=True)
class Input:
    path: Path
    image: OpenImage | GeoImage
    dropped: bool = False
    """Whether it is a GeoTIFF whose result is to be a plain image, as was asked."""

    @property
    def geo(self) -> GeoImage | None:
        """The GeoTIFF that the result is to be like."""
        return self.image if isinstance(self.image, GeoImage) and not self.dropped else None

    @property
    def header(self) -> Header:
        return self.image.header

    @property
    def nodata(self) -> float | None:
        """The value for no data that the file states."""
        return self.image.nodata if isinstance(self.image, GeoImage) else self.header.nodata

    @property
    def masked(self) -> bool:
        return isinstance(self.image, GeoImage) and self.image.masked

    @property
    def block(self) -> tuple[int, int]:
        """What is decoded at a time, or would be."""
        if isinstance(self.image, GeoImage):
            return self.image.block
        rows = 1 if self.header.windows else self.header.height
        return self.header.block or (rows, self.header.width)

    def read(self, window: Window) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
        """The pixels, and where a mask in the file says that there is data."""
        if isinstance(self.image, GeoImage):
            return self.image.read(window)
        if window == (0, 0, self.header.height, self.header.width):
            return self.image.read(), None
        return self.image.read_window(window), None


def channels_of(path: Path) -> int:
    with opened(path, georeference=False) as source:
        return source.header.channels


@contextmanager
def opened(path: Path, georeference: bool) -> Iterator[Input]:
    plain = _plain(path)
    header = None if plain is None else plain.header
    geotiff = header is None or header.georeferenced or header.nodata is not None
    with nullcontext() if plain is None else plain:
        if plain is not None and not (geotiff and georeference):
            yield Input(path, plain, dropped=geotiff)
            return
    with open_geotiff(path) as image:
        yield Input(path, image, dropped=not georeference)


def _plain(path: Path) -> OpenImage | None:
    """The image as the plain readers see it; None where it has a mask, which is a second page to them."""
    try:
        return OpenImage(path)
    except ImageError:
        if is_geotiff(path):
            return None
        raise
