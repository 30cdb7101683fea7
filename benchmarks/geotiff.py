"""A GeoTIFF larger than memory should hold, window by window: peak memory, time, and what is kept of its place.

python benchmarks/geotiff.py [--side 20000] [--only tiled] [--keep DIR]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

FACTOR = 1.3
CASES: dict[str, dict[str, Any]] = {
    "tiled": {"tiled": True, "blockxsize": 512, "blockysize": 512},
    "striped": {"tiled": False, "blockysize": 16},
    "uint16": {"tiled": True, "blockxsize": 512, "blockysize": 512, "dtype": "uint16"},
    "overviews": {"tiled": True, "blockxsize": 512, "blockysize": 512, "overviews": [2, 4, 8, 16]},
}
STEP = 1024
MOST = 200
"""Megabytes above the process after its imports."""


def main() -> int:
    if len(sys.argv) == 4 and sys.argv[1] in ("translate", "bare"):
        measured(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
        return 0
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--side", type=int, default=20_000)
    words.add_argument("--only", choices=CASES, nargs="+")
    words.add_argument("--keep", type=Path, help="a folder for the images, which stay there")
    said = words.parse_args()
    bad = 0
    heads = "case        image      result     after imports   peak    above   time (CPU)       bare loop (CPU)"
    print(heads, " CPU ratio  kept")
    for name, case in CASES.items():
        if not said.only or name in said.only:
            with tempfile.TemporaryDirectory(dir=said.keep) as folder:
                bad += not shown(name, case, said.side, Path(folder))
    return bad > 0


def shown(name: str, case: dict[str, Any], side: int, folder: Path) -> bool:
    source = folder / f"{name}.tif"
    make(source, side, **case)
    before, peak, took, busy = child("translate", source, folder / "out")
    result = folder / "out" / source.name
    _, _, bare, bare_busy = child("bare", source, folder / "bare.tif")
    kept = same_place(source, result) and same_pixels(result, folder / "bare.tif")
    above = peak - before
    print(
        f"{name:10}  {megabytes(source):6.0f} MB  {megabytes(result):6.0f} MB  {before:9.0f} MB  {peak:6.0f} MB"
        f"  {above:4.0f} MB  {took:5.1f} s ({busy:5.1f})  {bare:6.1f} s ({bare_busy:5.1f})   {busy / bare_busy:8.2f}"
        f"  {'all' if kept else 'NOT ALL'}",
        flush=True,
    )
    return kept and above <= MOST


def make(path: Path, side: int, *, dtype: str = "uint8", overviews: Any = (), **layout: Any) -> None:
    """Soft hills with a little noise, block by block, with a coordinate system and a transform."""
    import rasterio
    from rasterio.enums import Resampling
    from rasterio.transform import from_origin

    place = {"crs": "EPSG:32612", "transform": from_origin(500_000, 4_000_000, 0.5, 0.5)}
    form = {"driver": "GTiff", "height": side, "width": side, "count": 3, "dtype": dtype, "photometric": "RGB"}
    packed = {"compress": "deflate", "predictor": 2, "zlevel": 1, "num_threads": 2, "interleave": "pixel"}
    chance, most = np.random.default_rng(0), np.iinfo(dtype).max
    with rasterio.open(path, "w", **form, **packed, **place, **layout) as result:
        for window in windows(side, layout):
            y = np.arange(window.row_off, window.row_off + window.height)[:, None]
            x = np.arange(window.col_off, window.col_off + window.width)[None]
            hills = 0.4 + 0.2 * np.sin(y / 700) + 0.2 * np.cos(x / 900)
            noise = chance.integers(0, 8, (3, *hills.shape)) / 255
            result.write(((hills + noise) * most).astype(dtype), window=window)
    if overviews:
        with rasterio.open(path, "r+") as result:
            result.build_overviews(overviews, Resampling.average)


def windows(side: int, layout: dict[str, Any]) -> Iterator[Any]:
    from rasterio.windows import Window

    rows = STEP if layout["tiled"] else max(1, STEP**2 // side // 16) * 16
    columns = STEP if layout["tiled"] else side
    for top in range(0, side, rows):
        for left in range(0, side, columns):
            yield Window(left, top, min(columns, side - left), min(rows, side - top))


def child(what: str, source: Path, result: Path) -> tuple[float, float, float, float]:
    """Memory after the imports, its peak, seconds on the wall and of the CPU, in a process of its own."""
    done = subprocess.run([sys.executable, __file__, what, source, result], check=True, capture_output=True, text=True)
    before, peak, took, busy = map(float, done.stdout.split()[-4:])
    return before, peak, took, busy


def measured(what: str, source: Path, result: Path) -> None:
    import cv2  # noqa: F401 - with the imports, not with the work
    import rasterio.vrt
    import rasterio.warp  # noqa: F401
    import tifffile  # noqa: F401

    import spectra

    spectra.load("graydef", factor=FACTOR)
    translate = spectra.translate
    before, start, begun = memory("VmRSS"), time.perf_counter(), time.process_time()
    if what == "bare":
        bare(source, result)
    else:
        done = translate("graydef", source, result, task="rgb2ir", factor=FACTOR)
        assert len(done.written) == 1, done.failed
    print(before, memory("VmHWM"), time.perf_counter() - start, time.process_time() - begun)


def bare(source: Path, result: Path) -> None:
    """What one would write by hand."""
    import rasterio

    with rasterio.Env(GDAL_CACHEMAX=64), rasterio.open(source) as image:
        most = np.iinfo(image.dtypes[0]).max
        profile = {**image.profile, "count": 1, "photometric": "MINISBLACK", "predictor": 2}
        with rasterio.open(result, "w", **profile) as written:
            for window in windows(image.width, {"tiled": image.profile["tiled"]}):
                grey = image.read(window=window).sum(0, dtype=np.float32) * np.float32(FACTOR / 3)
                written.write(np.clip(grey + 0.5, 0, most).astype(image.dtypes[0])[None], window=window)
            factors = image.overviews(1)
    if factors:
        with rasterio.Env(GDAL_CACHEMAX=64), rasterio.open(result, "r+") as written:
            written.build_overviews(factors, rasterio.enums.Resampling.average)


def same_place(one: Path, other: Path) -> bool:
    import rasterio

    with rasterio.open(one) as source, rasterio.open(other) as result:
        return bool(
            (source.crs, source.transform, source.shape, source.overviews(1), source.block_shapes[0])
            == (result.crs, result.transform, result.shape, result.overviews(1), result.block_shapes[0])
            and source.compression == result.compression
        )


def same_pixels(one: Path, other: Path) -> bool:
    """But for a level where a half rounds the other way."""
    import rasterio

    with rasterio.open(one) as first, rasterio.open(other) as second:
        return all(
            np.abs(first.read(window=window).astype(int) - second.read(window=window)).max() <= 1
            for window in windows(first.width, {"tiled": first.profile["tiled"]})
        )


def memory(what: str) -> float:
    """Megabytes, from what the kernel says of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) * 1024 / 1e6


def megabytes(path: Path) -> float:
    return path.stat().st_size / 1e6


if __name__ == "__main__":
    sys.exit(main())
