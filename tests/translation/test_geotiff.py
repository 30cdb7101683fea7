"""GeoTIFFs through a model: what they say of their place and their storage is in the results."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.control import GroundControlPoint
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.rpc import RPC
from rasterio.transform import Affine, xy

import spectra
from spectra.data.geo import raster
from spectra.data.images import read_image
from spectra.modalities import Scale, Task
from spectra.translation import windows
from tests.geotiffs import PLACE, geotiff, pixels
from tests.translation.images import image, tree

LAYOUTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "deflate": {"compress": "deflate", "predictor": 2, "tiled": True, "blockxsize": 32, "blockysize": 16},
    "lzw": {"compress": "lzw", "blockysize": 5},
    "zstd": {"compress": "zstd", "tiled": True, "blockxsize": 16, "blockysize": 48},
    "packbits": {"compress": "packbits", "blockysize": 7},
    "lzma": {"compress": "lzma", "interleave": "band"},
    "band": {"compress": "deflate", "interleave": "band", "tiled": True, "blockxsize": 16, "blockysize": 16},
    "big": {"BIGTIFF": "YES"},
}


@pytest.fixture
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "LARGE", 100)
    monkeypatch.setattr(windows, "WINDOW", 1000)


def translated(source: Path, name: str = "copy", **options: Any) -> Path:
    out = source.parent / f"out_{name}_{len(list(source.parent.iterdir()))}"
    done = spectra.translate(name, source, out, **options)
    assert done.failed == []
    return out / source.name


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.usefixtures("small_windows")
def test_a_copy_keeps_pixels_place_and_storage(tmp_path: Path, layout: str, dtype: str) -> None:
    profile = {**LAYOUTS[layout]}
    if dtype == "float32" and "predictor" in profile:
        profile["predictor"] = 3
    array = image(1, 3, dtype, (77, 101))
    source = geotiff(tmp_path / "a.tif", array, **profile)
    result = translated(source)
    np.testing.assert_array_equal(pixels(result), array)
    with rasterio.open(source) as one, rasterio.open(result) as other:
        assert (other.crs, other.transform, other.dtypes) == (one.crs, one.transform, one.dtypes)
        assert (other.compression, other.interleaving) == (one.compression, one.interleaving)
        assert other.block_shapes == one.block_shapes
        assert other.profile["tiled"] == one.profile["tiled"]
        assert other.tags(ns="IMAGE_STRUCTURE").get("PREDICTOR") == one.tags(ns="IMAGE_STRUCTURE").get("PREDICTOR")


@pytest.mark.parametrize("layout", ["deflate", "lzw"])
def test_window_by_window_gives_what_the_whole_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layout: str
) -> None:
    source = geotiff(tmp_path / "a.tif", image(2, 3, "uint16", (77, 101)), **LAYOUTS[layout], overviews=[2, 4])
    whole = translated(source, "graydef", factor=1.2)
    monkeypatch.setattr(windows, "LARGE", 100)
    monkeypatch.setattr(windows, "WINDOW", 700)
    told: list[tuple[str, int, int]] = []
    parts = translated(source, "graydef", factor=1.2, progress=lambda *said: told.append(said))
    assert max(total for name, _, total in told if name == "a.tif") > 5
    np.testing.assert_array_equal(pixels(parts), pixels(whole))
    expected = np.floor(np.clip(image(2, 3, "uint16", (77, 101)).astype(float).sum(2) * 0.4, 0, 65535) + 0.5)
    assert np.abs(pixels(parts)[..., 0] - expected).max() <= 1


def test_a_corner_lies_where_arithmetic_puts_it(tmp_path: Path) -> None:
    place = Affine(0.3, 0.1, 500_000, 0.05, -0.4, 4_000_000)  # turned and sheared
    result = translated(geotiff(tmp_path / "a.tif", image(0), transform=place))
    with rasterio.open(result) as file:
        (x,), (y,) = xy(file.transform, [5], [7], offset="ul")
    assert (x, y) == pytest.approx((500_000 + 0.3 * 7 + 0.1 * 5, 4_000_000 + 0.05 * 7 - 0.4 * 5), abs=1e-6)


def test_tags_points_and_colours_are_kept(tmp_path: Path) -> None:
    tags = {"AREA_OR_POINT": "Point", "mission": "seven", "TIFFTAG_DATETIME": "2026:01:02 03:04:05"}
    source = geotiff(tmp_path / "a.tif", image(0, 4), tags=tags, photometric="RGB", alpha="YES")
    with rasterio.open(translated(source)) as file:
        assert tags.items() <= file.tags().items()
        assert file.transform == PLACE
        assert file.colorinterp[:3] == (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
        assert file.colorinterp[3] == ColorInterp.alpha


def test_other_bands_are_not_called_what_the_source_called_its_own(tmp_path: Path) -> None:
    source = geotiff(tmp_path / "a.tif", image(0), photometric="RGB")
    with rasterio.open(source, "r+") as file:
        file.descriptions = ("R", "G", "B")
        file.update_tags(2, wavelength="560 nm", STATISTICS_MEAN="1")
    with rasterio.open(translated(source)) as file:
        assert (file.descriptions, file.colorinterp[0]) == (("R", "G", "B"), ColorInterp.red)
        assert (file.tags(1), file.tags(2)) == ({}, {"wavelength": "560 nm"})  # statistics need not be true of it
    with rasterio.open(translated(source, "graydef")) as file:
        assert (file.descriptions, file.colorinterp) == ((None,), (ColorInterp.gray,))


def test_control_points_and_rational_polynomials_are_kept(tmp_path: Path) -> None:
    points = [
        GroundControlPoint(row, column, 10 + column, 50 - row) for row, column in ((0, 0), (0, 9), (6, 0), (6, 9))
    ]
    first = geotiff(tmp_path / "points.tif", image(0), gcps=points, crs="EPSG:4326", transform=None)
    with rasterio.open(translated(first)) as file:
        assert [(p.row, p.col, p.x, p.y) for p in file.gcps[0]] == [(p.row, p.col, p.x, p.y) for p in points]
        assert file.gcps[1].to_epsg() == 4326
    numbers = [float(n) for n in range(1, 21)]
    rpcs = RPC(0.0, 1.0, 5.0, 3.0, numbers, numbers, 2.0, 3.0, 10.0, 1.0, numbers, numbers, 4.0, 5.0)
    second = geotiff(tmp_path / "rpc.tif", image(0), crs=None, transform=None, rpcs=rpcs)
    with rasterio.open(second) as one, rasterio.open(translated(second)) as other:
        assert one.rpcs is not None
        assert other.rpcs.to_gdal() == one.rpcs.to_gdal()


@pytest.mark.usefixtures("small_windows")
def test_overviews_are_rebuilt_with_the_same_factors(tmp_path: Path) -> None:
    source = geotiff(tmp_path / "a.tif", image(3, 1, size=(96, 128)), overviews=[2, 4], **LAYOUTS["deflate"])
    result = translated(source, "inverse")
    with rasterio.open(result) as file:
        assert file.overviews(1) == [2, 4]
        full = file.read(1).astype(float)
    with rasterio.open(result, overview_level=0) as file:
        mean = full.reshape(48, 2, 64, 2).mean((1, 3))
        assert np.abs(file.read(1) - mean).max() <= 0.5
    assert len(list(result.parent.iterdir())) == 2  # nothing beside it but the stamp


@pytest.mark.parametrize(("dtype", "value"), [("uint8", 0), ("uint16", 9999), ("float32", -9999), ("float32", np.nan)])
@pytest.mark.usefixtures("small_windows")
def test_pixels_without_data_stay_so(tmp_path: Path, dtype: str, value: float) -> None:
    array = image(4, 3, dtype, (60, 70)).clip(1 if dtype != "float32" else None)
    array[10:30, 20:50] = value
    source = geotiff(tmp_path / "a.tif", array, nodata=value, **LAYOUTS["deflate"] | {"predictor": 1})
    for name in ("copy", "graydef"):
        result = translated(source, name)
        with rasterio.open(result) as file:
            np.testing.assert_equal(file.nodata, value)
            assert not file.dataset_mask()[10:30, 20:50].any()
            assert file.dataset_mask()[:10].all()
    np.testing.assert_array_equal(pixels(translated(source)), array)


def test_the_target_says_how_no_data_is_marked(tmp_path: Path) -> None:
    array = image(4, 3, "uint8", (20, 30)).clip(1)
    array[3:5] = 0
    source = geotiff(tmp_path / "a.tif", array, nodata=0)
    task = Task.parse("rgb2rgb")
    model = spectra.load("copy", Task(task.source, task.target.with_scale(Scale.parse("dtype nodata -1"))))
    spectra.translate(model, source, tmp_path / "out", depth="float")
    with rasterio.open(tmp_path / "out" / "a.tif") as file:
        assert file.nodata == -1
        assert (file.read()[:, 3:5] == -1).all()


def test_a_type_that_cannot_hold_the_value_gets_a_mask(tmp_path: Path) -> None:
    array = image(4, 3, "float32", (20, 30))
    array[3:5] = -9999
    result = translated(geotiff(tmp_path / "a.tif", array, nodata=-9999), depth=8)
    with rasterio.open(result) as file:
        assert file.nodata is None
        assert MaskFlags.per_dataset in file.mask_flag_enums[0]
        assert not file.dataset_mask()[3:5].any() and file.dataset_mask()[5:].all()
        assert (file.read()[:, 3:5] == 0).all()


@pytest.mark.parametrize("size", [100, 10**6])
def test_a_mask_in_the_file_is_heeded_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(windows, "LARGE", size)
    monkeypatch.setattr(windows, "WINDOW", 1000)
    array = image(4, 3, "float32", (60, 70))
    mask = image(5, 1, size=(60, 70))[..., 0] > 99
    array[~mask] = np.nan
    result = translated(geotiff(tmp_path / "a.tif", array, mask=mask, **LAYOUTS["lzw"]))
    with rasterio.open(result) as file:
        np.testing.assert_array_equal(file.dataset_mask() > 0, mask)
    np.testing.assert_array_equal(pixels(result)[mask], array[mask])


def test_results_that_look_like_no_data_are_told(tmp_path: Path) -> None:
    array = image(4, 3, "uint8", (20, 30)).clip(1)
    source = geotiff(tmp_path / "a.tif", array, nodata=0)
    done = spectra.translate("graydef", source, tmp_path / "out", factor=1e-9)
    assert done.notes == ["1 images have results that equal the value for no data, and will be taken for such."]


def test_lossy_compression_and_files_beside_are_told(tmp_path: Path) -> None:
    source = geotiff(tmp_path / "a.tif", image(0, size=(64, 64)), compress="jpeg", photometric="ycbcr")
    (tmp_path / "a.tif.aux.xml").write_text("<PAMDataset/>")
    (tmp_path / "a.tfw").write_text("1\n0\n0\n-1\n0\n0\n")
    done = spectra.translate("copy", source, tmp_path / "out")
    assert "deflate" in done.notes[0]
    assert ".aux.xml, .tfw" in done.notes[1]
    np.testing.assert_array_equal(pixels(tmp_path / "out" / "a.tif"), pixels(source))
    with rasterio.open(tmp_path / "out" / "a.tif") as file:
        assert file.compression.name == "deflate"


def test_without_rasterio_nothing_is_dropped_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = geotiff(tmp_path / "in" / "a.tif", image(0))
    monkeypatch.setitem(sys.modules, "rasterio", None)
    done = spectra.translate("copy", source, tmp_path / "out")
    assert "pip install 'spectra-translate[geo]'" in done.failed[0][1]
    assert "--no-georeference" in done.failed[0][1]
    done = spectra.translate("copy", source, tmp_path / "plain", georeference=False)
    assert "left out as asked" in done.notes[0]
    np.testing.assert_array_equal(read_image(tmp_path / "plain" / "a.tif"), image(0))


@pytest.mark.parametrize("format", ["png", "npy"])
def test_a_format_that_holds_no_georeference_is_refused(tmp_path: Path, format: str) -> None:
    source = geotiff(tmp_path / "in" / "a.tif", image(0))
    done = spectra.translate("copy", source, tmp_path / "out", format=format)
    assert f".{format} holds no georeference" in done.failed[0][1]
    assert tree(tmp_path / "out") == {}
    done = spectra.translate("copy", source, tmp_path / "out", format=format, georeference=False)
    assert len(done.written) == 1


def test_no_data_is_heeded_where_the_georeference_is_left_out(tmp_path: Path) -> None:
    array = image(4, 3, "uint8", (20, 30)).clip(1)
    array[3:5] = 0
    source = geotiff(tmp_path / "a.tif", array, nodata=0)
    np.testing.assert_array_equal(read_image(translated(source, "inverse", georeference=False))[3:5], 0)


def test_a_mask_is_heeded_where_the_georeference_is_left_out(tmp_path: Path) -> None:
    array = image(4, 3, "uint8", (20, 30))
    mask = np.ones((20, 30), bool)
    mask[3:5] = False
    source = geotiff(tmp_path / "a.tif", array, mask=mask)
    done = spectra.translate("copy", source, tmp_path / "out", georeference=False)
    assert "have pixels without data" in done.notes[0] and "left out as asked" in done.notes[1]
    result = read_image(tmp_path / "out" / "a.tif")
    np.testing.assert_array_equal(result[mask], array[mask])
    assert (result[3:5] == result[3, 0]).all()
    assert not raster.is_geotiff(tmp_path / "out" / "a.tif")


def test_a_file_of_another_driver_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_text('<VRTDataset rasterXSize="4" rasterYSize="4"></VRTDataset>')
    geotiff(tmp_path / "b.tif", image(0))
    done = spectra.translate("copy", [tmp_path / "a.tif", tmp_path / "b.tif"], tmp_path / "out")
    assert "HTML or XML" in done.failed[0][1]
    assert len(done.written) == 1
