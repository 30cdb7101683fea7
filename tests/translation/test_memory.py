"""What a large GeoTIFF takes of memory, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio

from tests.geotiffs import geotiff

SIDE = 3000  # whole, its planes alone would take 108 MB, and as much again on the way
MOST = 120

SCRIPT = """
import sys
from pathlib import Path

import cv2
import rasterio.vrt
import rasterio.warp
import tifffile

import spectra

def memory(what):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) * 1024 / 1e6

spectra.load("graydef", factor=1.3)
translate = spectra.translate
before = memory("VmRSS")
done = translate("graydef", sys.argv[1], sys.argv[2], task="rgb2ir", factor=1.3)
assert len(done.written) == 1, done.failed
print(before, memory("VmHWM"))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux says what a process takes")
@pytest.mark.parametrize("layout", ["tiled", pytest.param("striped", marks=pytest.mark.slow)])
def test_a_large_geotiff_takes_the_memory_of_its_windows(tmp_path: Path, layout: str) -> None:
    rows = np.arange(SIDE, dtype=np.uint16)[:, None, None] % 200
    array = np.broadcast_to(rows.astype(np.uint8), (SIDE, SIDE, 3))
    blocks = {"tiled": True, "blockxsize": 256, "blockysize": 256} if layout == "tiled" else {"blockysize": 16}
    source = geotiff(tmp_path / "a.tif", array, compress="deflate", zlevel=1, interleave="pixel", **blocks)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(source), str(tmp_path / "out")],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    before, peak = map(float, done.stdout.split())
    assert peak - before < MOST
    with rasterio.open(source) as one, rasterio.open(tmp_path / "out" / "a.tif") as other:
        assert (other.crs, other.transform, other.shape) == (one.crs, one.transform, one.shape)
        np.testing.assert_array_equal(other.read(1)[:, 7], np.floor(rows[:, 0, 0] * 1.3 + 0.5).clip(0, 255))
