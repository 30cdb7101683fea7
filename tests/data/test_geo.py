"""GeoTIFFs read by rasterio, and pairs of them brought onto one grid."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.crs import CRS
from rasterio.transform import Affine

from spectra.data.catalogue import Window
from spectra.data.geo import raster
from spectra.errors import ImageError
from tests.geotiffs import PLACE, SYSTEM, geotiff, pixels
from tests.translation.images import image

SURVIVE = """
import random, resource, sys, time
from pathlib import Path
from spectra.data.catalogue import Window
from spectra.data.geo.raster import open_geotiff
from spectra.errors import ImageError
from tests.data.mutations import mutant, seeds

seed, count, good = int(sys.argv[1]), int(sys.argv[2]), [Path(name) for name in sys.argv[3:]]
for path in good:
    with open_geotiff(path) as image:
        image.read(Window(0, 0, 10, 10))
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
most = int(status["VmSize"].split()[0]) * 1024 + 2**30
resource.setrlimit(resource.RLIMIT_AS, (most, most))
chance, read, refused = random.Random(seed), 0, 0
files = {**seeds(), ".tif": [path.read_bytes() for path in good]}
for number in range(count):
    path = good[0].with_name("mutated.tif")
    path.write_bytes(mutant(".tif", files, chance).data)
    start = time.perf_counter()
    try:
        with open_geotiff(path) as image:
            header = image.header
            if header.nbytes < 2**26:
                image.read(Window(0, 0, header.height, header.width))
        read += 1
    except ImageError as why:
        assert "mutated.tif" in str(why), why
        refused += 1
    assert time.perf_counter() - start < 5
print(read, refused)
"""


def test_windows_are_those_of_the_whole(tmp_path: Path) -> None:
    array = image(1, 4, "uint16", (50, 70))
    path = geotiff(tmp_path / "a.tif", array, tiled=True, blockxsize=16, blockysize=32, compress="deflate")
    with raster.open_geotiff(path) as found:
        assert (found.header.height, found.header.width, found.header.channels) == (50, 70, 4)
        assert found.block == (32, 16)
        for window in (Window(0, 0, 50, 70), Window(13, 5, 20, 33), Window(49, 69, 1, 1)):
            values, mask = found.read(window)
            top, left, height, width = window
            np.testing.assert_array_equal(values, array[top : top + height, left : left + width])
            assert mask is None


@pytest.mark.parametrize(
    ("profile", "expected"), [({}, True), ({"crs": None, "nodata": 3}, True), ({"crs": None, "transform": None}, False)]
)
@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_what_counts_as_a_geotiff(tmp_path: Path, profile: dict[str, object], expected: bool) -> None:
    assert raster.is_geotiff(geotiff(tmp_path / "a.tif", image(0), **profile)) is expected
    assert not raster.is_geotiff(tmp_path / "absent.tif")
    assert not raster.is_geotiff(tmp_path / "a.png")


def test_nothing_leaks_to_the_streams_or_the_log(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    path = geotiff(tmp_path / "a.tif", image(0, size=(90, 90)), compress="deflate", blockysize=9)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ImageError, match=r"a\.tif' cannot be read"), raster.open_geotiff(path) as found:
        found.read(Window(0, 0, 90, 90))
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("rasterio").handlers


@pytest.mark.parametrize("name", ["https:/x/y.tif", "GTIFF_DIR:1:a.tif", "a.tif?b", "ä%20 b.tif"])
def test_a_name_is_only_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    made = geotiff(tmp_path / "made.tif", image(0))
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    made.rename(name)
    with raster.open_geotiff(Path(name)) as found:
        np.testing.assert_array_equal(found.read(Window(0, 0, 6, 9))[0], image(0))


def test_virtual_folders_of_gdal_are_refused() -> None:
    with pytest.raises(ImageError, match="virtual folders"), raster.open_geotiff(Path("/vsimem/a.tif")):
        pass


def test_neither_settings_nor_sidecars_are_left_behind(tmp_path: Path) -> None:
    path = geotiff(tmp_path / "a.tif", image(0))
    before = sorted(os.environ)
    with raster.open_geotiff(path) as found:
        found.read(Window(0, 0, 6, 9))
    assert sorted(os.environ) == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.tif"]


def survive(tmp_path: Path, count: int, seed: int) -> None:
    array = image(3, 3, "uint8", (48, 64))
    layouts = [{"compress": "deflate", "predictor": 2}, {"compress": "lzw", "tiled": True}, {"interleave": "band"}, {}]
    tiles = {"blockxsize": 16, "blockysize": 16}
    good = [
        geotiff(tmp_path / f"{n}.tif", array, nodata=n, **layout, **(tiles if "tiled" in layout else {}))
        for n, layout in enumerate(layouts)
    ]
    good.append(geotiff(tmp_path / "mask.tif", array, mask=array[..., 0] > 9, overviews=[2]))
    command = [sys.executable, "-c", SURVIVE, str(seed), str(count), *map(str, good)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=280, cwd=Path(__file__).parents[2], check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    read, refused = map(int, done.stdout.split())
    assert read + refused == count
    assert refused > count // 10


def test_damaged_files_are_refused_or_read_but_never_crash(tmp_path: Path) -> None:
    survive(tmp_path, count=100, seed=1)


@pytest.mark.slow
def test_many_damaged_files_are_refused_or_read_but_never_crash(tmp_path: Path) -> None:
    survive(tmp_path, count=2000, seed=2)


def test_a_pair_on_one_grid_is_cut_to_what_both_show(tmp_path: Path) -> None:
    whole = image(5, 1, "uint16", (60, 80))
    moved = Affine(PLACE.a, 0, PLACE.c + 10 * PLACE.a, 0, PLACE.e, PLACE.f + 7 * PLACE.e)  # 10 right, 7 down
    source = geotiff(tmp_path / "s.tif", whole)
    target = geotiff(tmp_path / "t.tif", 65535 - whole[7:60, 10:70], transform=moved)
    one, other, valid = raster.aligned(source, target)
    np.testing.assert_array_equal(one, whole[7:60, 10:70])
    np.testing.assert_array_equal(other, 65535 - one)
    assert valid.all()


@pytest.mark.parametrize("resampling", ["nearest", "bilinear"])
def test_a_target_in_another_system_lands_where_its_coordinates_say(tmp_path: Path, resampling: str) -> None:
    """A bright pixel of a NAD83 raster, three times as coarse, is where a transformer of its own puts it in WGS84."""
    array = np.full((40, 40, 1), 10, np.uint16)
    array[17, 22] = 60000
    coarse = Affine(1.5, 0.0, PLACE.c - 3.25, 0.0, -1.5, PLACE.f + 2.75)
    source = geotiff(tmp_path / "s.tif", image(0, 1, "uint16", (100, 100)), crs="EPSG:32612")
    target = geotiff(tmp_path / "t.tif", array, crs="EPSG:26912", transform=coarse)
    one, other, valid = raster.overlap(source, target, resampling=resampling)
    x, y = coarse.c + 1.5 * 22.5, coarse.f - 1.5 * 17.5
    (x,), (y,) = rasterio.warp.transform(CRS.from_epsg(26912), CRS.from_epsg(32612), [x], [y])
    column, row = (x - PLACE.c) / 0.5 - 0.5, (y - PLACE.f) / -0.5 - 0.5
    assert one.shape[:2] == other.shape[:2] == valid.shape == (100, 100)
    weight = other[..., 0].astype(float) - 10
    rows, columns = np.mgrid[:100, :100]
    assert (weight * rows).sum() / weight.sum() == pytest.approx(row, abs=0.51 if resampling == "nearest" else 0.05)
    assert (weight * columns).sum() / weight.sum() == pytest.approx(
        column, abs=0.51 if resampling == "nearest" else 0.05
    )


def test_pixels_without_data_in_either_are_not_valid(tmp_path: Path) -> None:
    first, second = image(1, 3, "uint8", (20, 30)).clip(1), image(2, 1, "float32", (20, 30))
    first[2:4] = 0
    second[10:12, 5] = np.nan
    second[15, 15] = -9999
    source = geotiff(tmp_path / "s.tif", first, nodata=0)
    target = geotiff(tmp_path / "t.tif", second, nodata=-9999)
    _, _, valid = raster.overlap(source, target, resampling="nearest")
    expected = np.ones((20, 30), bool)
    expected[2:4], expected[10:12, 5], expected[15, 15] = False, False, False
    np.testing.assert_array_equal(valid, expected)


def test_outside_the_target_there_is_no_data(tmp_path: Path) -> None:
    turned = Affine(0.4, 0.3, PLACE.c + 10, 0.3, -0.4, PLACE.f - 20)  # its box has corners without data
    source = geotiff(tmp_path / "s.tif", image(1, 1, size=(120, 120)))
    target = geotiff(tmp_path / "t.tif", image(2, 1, size=(60, 60)).clip(1), transform=turned)
    _, other, valid = raster.overlap(source, target, least=0.1)
    assert not valid[0, 0]
    assert (other[~valid] == 0).all()
    assert 0.3 < valid.mean() < 0.7


def test_images_of_other_places_are_refused_by_name(tmp_path: Path) -> None:
    source = geotiff(tmp_path / "s.tif", image(0))
    for shift, share in ((1e4, "0%"), (3.0, "33%")):
        place = Affine(PLACE.a, 0, PLACE.c + shift, 0, PLACE.e, PLACE.f)
        target = geotiff(tmp_path / "t.tif", image(0), transform=place)
        with pytest.raises(ImageError, match=rf"t\.tif.*s\.tif.*{share} of the smaller"):
            raster.aligned(source, target)
    assert raster.overlap(source, target, least=0.3)[2].shape == (6, 3)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_an_image_without_a_place_cannot_be_aligned(tmp_path: Path) -> None:
    source = geotiff(tmp_path / "s.tif", image(0))
    target = geotiff(tmp_path / "t.tif", image(0), crs=None, transform=None)
    with pytest.raises(ImageError, match=r"t\.tif.*no coordinate system"):
        raster.aligned(source, target)
    assert SYSTEM and pixels(source).shape == (6, 9, 3)
