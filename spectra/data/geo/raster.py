"""GeoTIFF: images that know where on the Earth they lie, read window by window."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectra.data.catalogue import Window
from spectra.data.formats.header import DTYPES, Header, require_dtype
from spectra.data.geo.gdal import faults_of, gdal, local
from spectra.data.images import require_size
from spectra.data.pictures import can_hold
from spectra.errors import ImageError

SUFFIXES = frozenset({".tif", ".tiff"})
Marks = tuple[float | None, float | None]
"""What counts as no data in each of two images, in place of what their files state."""
SIDECARS = (".aux.xml", ".ovr", ".msk")
"""Behind the whole name; world files take the place of the suffix."""
WORLD_FILES = (".tfw", ".tifw", ".tiffw", ".wld")

_MARKS = frozenset({33550, 33922, 34264, 34735, 42113, 50844})  # pixel scale, tie points, matrix, keys, no data, RPC
_PREDICTOR = 317
_MASK = 4  # of the kinds of a subfile
_MOST_RATIO = 2**16  # above what any lossless codec reaches
_MOST_BLOCK = 2**28  # bytes
_TOLERANCE = 1e-3  # pixels by which a warped one may be off


class GeoImage:
    """An open GeoTIFF."""

    def __init__(self, path: Path, dataset: Any, predictor: int) -> None:
        self.path, self.dataset, self.predictor = path, dataset, predictor
        self.header = Header(dataset.height, dataset.width, dataset.count, _dtype(dataset))
        self.block: tuple[int, int] = dataset.block_shapes[0]
        self.nodata = _nodata(dataset.nodata, self.header.dtype)
        """The value that marks pixels without data, as the file says."""
        self.masked = _has_mask(dataset)
        """Whether a mask in the file says where there is data."""
        _require_sane(self)

    def read(self, window: Window) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
        """``(h, w, c)``, a view of planes, and where the file's mask says that there is data."""
        place = placed(window)
        with faults_of(self.path, "read"):
            values = np.moveaxis(self.dataset.read(window=place), 0, 2)
            return values, self.dataset.read_masks(1, window=place) > 0 if self.masked else None


def is_geotiff(path: Path) -> bool:
    """Whether a TIFF carries a georeference, a no-data value or a mask; of what cannot be read, false."""
    if path.suffix.lower() not in SUFFIXES:
        return False
    import tifffile

    try:
        with tifffile.TiffFile(path) as tif:
            return not _MARKS.isdisjoint(tif.pages.first.tags.keys()) or any(_is_mask(page) for page in tif.pages[1:])
    except Exception:  # its parser meets damage with many kinds of error
        return False


@contextmanager
def open_geotiff(path: Path) -> Iterator[GeoImage]:
    """The image, open for as long as the block runs."""
    with _named(path), gdal() as rasterio:
        with faults_of(path, "read"):
            place = local(path)
            predictor = _predictor(path)
            dataset = rasterio.open(place, driver="GTiff")
        with dataset:
            with faults_of(path, "read"):
                image = GeoImage(path, dataset, predictor)
            yield image


def beside(path: Path) -> list[str]:
    """The endings of the files beside an image that other programs would read with it, and Spectra does not."""
    found = [suffix for suffix in SIDECARS if path.with_name(path.name + suffix).exists()]
    return found + [suffix for suffix in WORLD_FILES if path.with_suffix(suffix).exists()]


def overlap(
    source: Path, target: Path, *, least: float = 0.5, resampling: str = "bilinear"
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.bool_]]:
    """Both images on the grid of the source, where they overlap, and where both have data.

    The source's pixels stay as they are. The target is brought onto their grid by `resampling` (``nearest`` or
    ``bilinear``); without data it is 0. Refused where less than the share `least` of the smaller image is in both.
    """
    return _overlap(source, target, least, resampling, (None, None))


def _overlap(
    source: Path, target: Path, least: float, resampling: str, marks: Marks
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.bool_]]:
    with _pair(source, target, least) as (rasterio, one, other, window):
        mark, moved_mark = (_mark(image, said) for image, said in zip((one, other), marks, strict=True))
        with faults_of(target, f"brought onto the grid of {str(source)!r}"):
            moved, reached = _warped(rasterio, one, other, window, resampling, moved_mark)
        values, mask = one.read(window)
        return np.ascontiguousarray(values), moved, reached & _finite(values) & known_pixels(values, mask, mark)


def overlap_size(source: Path, target: Path, *, least: float = 0.5) -> tuple[int, int]:
    """Height and width of what `overlap` gives; no pixel is read."""
    with _pair(source, target, least) as (_, _, _, window):
        return window.height, window.width


def aligned(
    source: Path, target: Path, marks: Marks = (None, None)
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.bool_]]:
    """`overlap` as a data set's pairs are read: what the scales mark as no data (`marks`) wins over the files."""
    return _overlap(source, target, 0.5, "bilinear", marks)


@contextmanager
def _pair(source: Path, target: Path, least: float) -> Iterator[tuple[Any, GeoImage, GeoImage, Window]]:
    """Rasterio, both images, and the window of the source that the target covers."""
    with open_geotiff(source) as one, open_geotiff(target) as other, gdal() as rasterio:
        for image in (one, other):
            _require_place(image)
        with faults_of(target, f"brought onto the grid of {str(source)!r}"):
            window = _shared(rasterio, one, other, least)
            require_size(source, replace(one.header, height=window.height, width=window.width))
        yield rasterio, one, other, window


def _shared(rasterio: Any, one: GeoImage, other: GeoImage, least: float) -> Window:
    """The rows and columns of one that the other covers, as a box."""
    grid, moved = one.dataset, other.dataset
    bounds = rasterio.warp.transform_bounds(moved.crs, grid.crs, *_bounds(moved), densify_pts=21)
    rows, columns = _box(~grid.transform, *bounds)
    top, left = max(0, int(np.floor(min(rows)))), max(0, int(np.floor(min(columns))))
    bottom, right = min(grid.height, int(np.ceil(max(rows)))), min(grid.width, int(np.ceil(max(columns))))
    both = max(0, bottom - top) * max(0, right - left)
    smaller = min(grid.height * grid.width, (max(rows) - min(rows)) * (max(columns) - min(columns)))
    if both < least * smaller or not both:
        raise ImageError(
            f"they overlap in {both / smaller:.0%} of the smaller one, and {least:.0%} are asked for: "
            "are they of the same place?"
        )
    return Window(top, left, bottom - top, right - left)


# The products with matrices are written out, as their operator differs between the releases of affine.


def _moved(rasterio: Any, grid: Any, window: Window) -> Any:
    """The transform of a window of a grid."""
    top, left, *_ = window
    x, y = grid.c + grid.a * left + grid.b * top, grid.f + grid.d * left + grid.e * top
    return rasterio.Affine(grid.a, grid.b, x, grid.d, grid.e, y)


def _bounds(dataset: Any) -> tuple[float, float, float, float]:
    """Left, bottom, right and top of the image on its own map, turned or not."""
    place, width, height = dataset.transform, dataset.width, dataset.height
    xs = [place.c + place.a * column + place.b * row for column in (0, width) for row in (0, height)]
    ys = [place.f + place.d * column + place.e * row for column in (0, width) for row in (0, height)]
    return min(xs), min(ys), max(xs), max(ys)


def _box(inverse: Any, left: float, bottom: float, right: float, top: float) -> tuple[list[float], list[float]]:
    """The rows and columns of the corners."""
    corners = [(x, y) for x in (left, right) for y in (bottom, top)]
    columns = [inverse.a * x + inverse.b * y + inverse.c for x, y in corners]
    rows = [inverse.d * x + inverse.e * y + inverse.f for x, y in corners]
    return [round(row, 3) for row in rows], [round(column, 3) for column in columns]  # 7.0000001 is 7


def _warped(
    rasterio: Any, one: GeoImage, other: GeoImage, window: Window, resampling: str, mark: float | None
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """The other image on a window of the one's grid, and where it has data."""
    transform = _moved(rasterio, one.dataset.transform, window)
    options = {"crs": one.dataset.crs, "transform": transform, "height": window.height, "width": window.width}
    with rasterio.vrt.WarpedVRT(
        other.dataset,
        resampling=rasterio.enums.Resampling[resampling],
        src_nodata=mark,
        add_alpha=True,
        tolerance=_TOLERANCE,
        warp_mem_limit=64,
        **options,
    ) as moved:
        *bands, alpha = moved.read()
    values = np.ascontiguousarray(np.stack(bands, axis=2))
    reached = (alpha > 0) & _finite(values) & known_pixels(values, None, mark)
    values[~reached] = 0
    return values, reached


def _finite(values: NDArray[Any]) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(values).all(2))


def known_pixels(values: NDArray[Any], mask: NDArray[np.bool_] | None, nodata: float | None) -> NDArray[np.bool_]:
    """Where there is data: not all bands hold the no-data value (where that is NaN: none does), and no mask is set."""
    known = np.ones(values.shape[:2], bool) if mask is None else mask
    if nodata is None:
        return known
    if np.isnan(nodata):
        return np.asarray(known & ~np.isnan(values).any(2))
    return np.asarray(known & ~(values == nodata).all(2))


def _require_place(image: GeoImage) -> None:
    if image.dataset.crs is None or image.dataset.transform.is_identity:
        raise ImageError(
            f"The image {str(image.path)!r} cannot be brought onto another grid: it has no coordinate system or no "
            "transform. Choose `align: none`, or georeference it."
        )


def placed(window: Window) -> Any:
    from rasterio.windows import Window as Placed

    return Placed(window.left, window.top, window.width, window.height)


def _dtype(dataset: Any) -> str:
    kinds = sorted(set(dataset.dtypes))
    if len(kinds) > 1:
        raise ImageError(f"its bands are of differing types ({', '.join(kinds)}): save them with one type")
    if "palette" in {meaning.name for meaning in dataset.colorinterp}:
        raise ImageError("its colours are stored as PALETTE: convert it to grey, RGB or plain bands")
    if dataset.tags(ns="IMAGE_STRUCTURE").get("MINISWHITE") == "YES":
        raise ImageError("its greys are stored from white to black: convert it to grey from black to white")
    return require_dtype(str(kinds[0]))


def _nodata(value: float | None, dtype: str) -> float | None:
    if value is None or dtype != "float32":
        return value
    with np.errstate(over="ignore"):
        return float(np.float32(value))


def _mark(image: GeoImage, said: float | None) -> float | None:
    """What is said to mark no data, where the image can hold it; where nothing is said, its own mark."""
    if said is None:
        return image.nodata
    return said if can_hold(image.header.dtype, said) else None


def _has_mask(dataset: Any) -> bool:
    flags = {flag.name for flag in dataset.mask_flag_enums[0]}
    return "per_dataset" in flags and "alpha" not in flags


def _require_sane(image: GeoImage) -> None:
    header, (rows, columns) = image.header, image.block
    if header.nbytes > image.path.stat().st_size * _MOST_RATIO:
        raise ImageError(f"it is truncated or damaged: its data is too short for {header}")
    if rows * columns * header.channels * DTYPES[header.dtype] > max(_MOST_BLOCK, 4 * header.nbytes):
        raise ImageError(f"it is damaged: its blocks have {columns}×{rows} pixels, and the image has {header}")


def _predictor(path: Path) -> int:
    """How its values were differenced before they were compressed, which rasterio does not tell.

    Refused at once is a file whose end is missing, of which GDAL says so when it comes there, and on standard error.
    """
    import tifffile

    with tifffile.TiffFile(path) as tif:
        page, size = tif.pages.first, tif.filehandle.size
        ends = (offset + count for offset, count in zip(page.dataoffsets, page.databytecounts, strict=True))
        if any(end > size for end in ends):
            raise ImageError("it is truncated: strips or tiles lie beyond its end")
        tag = page.tags.get(_PREDICTOR)
    return int(tag.value) if tag is not None else 1


def _is_mask(page: Any) -> bool:
    return bool(int(page.subfiletype or 0) & _MASK)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Names the file where rasterio is missing; errors that name it already pass."""
    try:
        yield
    except ImageError as error:
        if str(path) in str(error):
            raise
        raise ImageError(f"The image {str(path)!r} cannot be read: {error}.") from None
