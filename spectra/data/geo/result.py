"""GeoTIFF written window by window, with all that the image it was made of says of its place and its storage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectra.data.atomic import atomic
from spectra.data.catalogue import Window
from spectra.data.formats.header import Header
from spectra.data.geo.gdal import faults_of, gdal, local
from spectra.data.geo.raster import GeoImage, placed

LOSSLESS = ("lzw", "deflate", "zstd", "packbits", "lzma")
DIFFERENCED = ("lzw", "deflate", "zstd")
"""Codecs in front of which a predictor may stand."""
OVERVIEWS = "average"
"""How overviews are made from the results."""
LOSSY = "are compressed by what can lose bits; their results are written with deflate"
_STATISTICS = "STATISTICS_"  # tags that need not be true of the result
_TILE = 16  # sides of tiles are multiples of it


class GeoResult:
    """A GeoTIFF under way."""

    def __init__(self, path: Path, dataset: Any, masked: bool) -> None:
        self.path, self.dataset, self.masked = path, dataset, masked

    def write(self, window: Window, values: NDArray[Any], valid: NDArray[np.bool_] | None) -> None:
        """``(h, w, c)`` and where there is data, None being everywhere."""
        place = placed(window)
        with faults_of(self.path, "written"):
            self.dataset.write(np.moveaxis(values, 2, 0), window=place)
            if self.masked:
                known = np.ones(values.shape[:2], bool) if valid is None else valid
                self.dataset.write_mask(known, window=place)


@contextmanager
def create_geotiff(
    path: Path, source: GeoImage, header: Header, *, nodata: float | None, masked: bool, same: bool
) -> Iterator[Callable[[Window, NDArray[Any], NDArray[np.bool_] | None], None]]:
    """Takes windows; a GeoTIFF in the place of `source`, of the size and type of `header`, is at `path` when all is in.

    ``same``: its bands mean what those of the source mean. ``masked``: it gets a mask of where there is data.
    """
    with gdal() as rasterio, atomic(path, durable=False) as temporary:
        with faults_of(path, "written"):
            dataset = rasterio.open(
                local(temporary), "w", driver="GTiff", nodata=nodata, **_options(source, header, same)
            )
        try:
            with faults_of(path, "written"):
                _describe(source.dataset, dataset, same)
            yield GeoResult(path, dataset, masked).write
        except BaseException:
            with suppress(Exception):
                dataset.close()
            raise
        with faults_of(path, "written"):
            dataset.close()
            if factors := source.dataset.overviews(1):
                _build_overviews(rasterio, temporary, factors)


def _options(source: GeoImage, header: Header, same: bool) -> dict[str, Any]:
    size = {"height": header.height, "width": header.width, "count": header.channels, "dtype": header.dtype}
    return {**size, **_place(source.dataset), **_storage(source, header), **_colours(source, header, same)}


def losses_of(source: GeoImage) -> list[str]:
    """What of the file's storage is not kept."""
    codec = _codec(source.dataset)
    return [LOSSY] if codec is not None and codec not in LOSSLESS else []


def _place(dataset: Any) -> dict[str, Any]:
    points, system = dataset.gcps
    if points:
        return {"gcps": points, "crs": system}
    place = {"crs": dataset.crs} if dataset.crs else {}
    return place if dataset.transform.is_identity else {**place, "transform": dataset.transform}


def _storage(source: GeoImage, header: Header) -> dict[str, Any]:
    """Compression, predictor, tiles or strips, and the order of the bands."""
    codec = _codec(source.dataset)
    options: dict[str, Any] = {"BIGTIFF": "IF_SAFER"}
    if codec is not None:
        codec = codec if codec in LOSSLESS else "deflate"
        options["COMPRESS"] = codec.upper()
    if codec in DIFFERENCED and source.predictor > 1:
        options["PREDICTOR"] = 3 if header.dtype == "float32" else 2
    rows, columns = source.block
    if source.dataset.profile.get("tiled"):
        options |= {"TILED": "YES", "BLOCKYSIZE": _tile(rows), "BLOCKXSIZE": _tile(columns)}
    else:
        options["BLOCKYSIZE"] = rows
    interleave = source.dataset.interleaving
    if interleave is not None and header.channels > 1:
        options["INTERLEAVE"] = "BAND" if interleave.name == "band" else "PIXEL"
    return options


def _codec(dataset: Any) -> str | None:
    compression = dataset.compression
    if compression is None or compression.name in ("none", "uncompressed"):
        return None
    return str(compression.name).lower()


def _tile(side: int) -> int:
    return -(-side // _TILE) * _TILE


def _colours(source: GeoImage, header: Header, same: bool) -> dict[str, Any]:
    """Whether the bands are shown as red, green and blue, and which of them is the opacity."""
    meanings = [meaning.name for meaning in source.dataset.colorinterp]
    rgb = header.channels >= 3 and meanings[:3] == ["red", "green", "blue"] and same
    alpha = "YES" if same and meanings[-1] == "alpha" else "NO"
    return {"PHOTOMETRIC": "RGB" if rgb else "MINISBLACK", **({"ALPHA": alpha} if header.channels > 1 else {})}


def _describe(source: Any, result: Any, same: bool) -> None:
    result.update_tags(**source.tags())
    if source.rpcs is not None:
        result.rpcs = source.rpcs
    if same:
        result.descriptions = source.descriptions
        result.scales, result.offsets, result.units = source.scales, source.offsets, source.units
        for band in source.indexes:
            said = source.tags(band).items()
            result.update_tags(band, **{key: value for key, value in said if not key.startswith(_STATISTICS)})


def _build_overviews(rasterio: Any, path: Path, factors: Sequence[int]) -> None:
    with rasterio.open(local(path), "r+", driver="GTiff") as dataset:
        dataset.build_overviews(factors, rasterio.enums.Resampling[OVERVIEWS])
