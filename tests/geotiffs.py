"""Small GeoTIFFs, for tests that read and translate them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.transform import Affine

PLACE = Affine(0.5, 0.0, 412_345.5, 0.0, -0.5, 3_987_654.0)
SYSTEM = "EPSG:32612"


def geotiff(
    path: Path,
    image: NDArray[Any],
    *,
    tags: dict[str, Any] | None = None,
    mask: NDArray[np.bool_] | None = None,
    overviews: list[int] | None = None,
    **profile: Any,
) -> Path:
    """Writes (h, w, c) by rasterio alone."""
    height, width, count = image.shape
    size = {"height": height, "width": width, "count": count, "dtype": image.dtype.name}
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK="YES"),
        rasterio.open(path, "w", driver="GTiff", **{"crs": SYSTEM, "transform": PLACE, **size, **profile}) as file,
    ):
        file.update_tags(**(tags or {}))
        file.write(np.moveaxis(image, 2, 0))
        if mask is not None:
            file.write_mask(mask)
    if overviews:
        with rasterio.open(path, "r+") as file:
            file.build_overviews(overviews, rasterio.enums.Resampling.nearest)
    return path


def pixels(path: Path) -> NDArray[Any]:
    with rasterio.open(path) as file:
        return np.moveaxis(file.read(), 0, 2)
