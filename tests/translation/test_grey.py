"""Grey that is stored as red, green and blue: read as one channel where the modality has one, if all are equal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import tifffile
from numpy.typing import NDArray

import spectra
from spectra.data.images import read_image, write_image
from spectra.registry import registry
from spectra.translation import windows
from tests.geotiffs import geotiff
from tests.translation.images import image, tree

SAID = "1 images hold their grey in three channels; one was read, as all are equal."


def grey(dtype: str = "uint8", size: tuple[int, int] = (60, 70)) -> NDArray[Any]:
    return image(3, 1, dtype, size).repeat(3, axis=2)


@pytest.fixture(params=["whole", "windows"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "windows":
        monkeypatch.setattr(windows, "LARGE", 100)
        monkeypatch.setattr(windows, "WINDOW", 400)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_one_of_three_equal_channels_is_read_and_that_is_told(tmp_path: Path, dtype: str) -> None:
    write_image(tmp_path / "a.tif", grey(dtype))
    done = spectra.translate("copy", tmp_path / "a.tif", tmp_path / "out", task="nir2nir")
    assert (done.failed, done.notes) == ([], [SAID])
    np.testing.assert_array_equal(read_image(tmp_path / "out" / "a.tif"), grey(dtype)[..., :1])


@pytest.mark.usefixtures("way")
def test_a_pixel_of_colour_anywhere_fails_the_image_and_leaves_nothing(tmp_path: Path) -> None:
    array = grey()
    array[-1, -1, 2] ^= 1
    write_image(tmp_path / "a.tif", array)
    done = spectra.translate("copy", tmp_path / "a.tif", tmp_path / "out", task="nir2nir")
    assert "has 3 channels, where nir means 1" in done.failed[0][1] and "they differ" in done.failed[0][1]
    assert done.failed[0][1].count("a.tif") == 1
    assert tree(tmp_path / "out") == {}


@pytest.mark.parametrize(("channels", "task"), [(2, "nir2nir"), (4, "nir2nir"), (1, "rgb2nir"), (3, "ms52nir")])
def test_other_numbers_of_channels_are_refused_as_before(tmp_path: Path, channels: int, task: str) -> None:
    write_image(tmp_path / "a.tif", image(3, channels))
    done = spectra.translate("copy", tmp_path / "a.tif", tmp_path / "out", task=task)
    assert f"has {channels} channel" in done.failed[0][1]


def test_where_the_modality_has_three_channels_they_stay(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png", grey())
    for options in ({}, {"task": "rgb2rgb"}):
        done = spectra.translate("copy", tmp_path / "a.png", tmp_path / f"out{len(options)}", **options)
        assert (done.task, done.notes) == ("rgb2rgb", [])
        np.testing.assert_array_equal(read_image(tmp_path / f"out{len(options)}" / "a.png"), grey())


@pytest.mark.usefixtures("way")
def test_a_grey_geotiff_keeps_its_place_and_its_pixels_without_data(tmp_path: Path) -> None:
    array = grey().clip(1)
    array[5:9, 7:30] = 0
    source = geotiff(tmp_path / "a.tif", array, nodata=0, photometric="RGB")
    with rasterio.open(source, "r+") as file:
        file.descriptions = ("R", "G", "B")
    assert spectra.translate("copy", source, tmp_path / "out", task="nir2nir").notes == [SAID]
    with rasterio.open(source) as one, rasterio.open(tmp_path / "out" / "a.tif") as other:
        assert (other.crs, other.transform, other.nodata, other.count) == (one.crs, one.transform, 0, 1)
        assert other.descriptions == (None,)
        np.testing.assert_array_equal(other.read(1), array[..., 0])


def test_a_home_task_of_one_channel_is_taken_where_none_of_three_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_image(tmp_path / "a.png", grey())
    floor = registry("translators").get("copy")
    for homes, task in ((("nir2rgb", "rgb2nir"), "rgb2nir"), (("nir2rgb",), "nir2rgb")):
        monkeypatch.setattr(floor, "home_tasks", homes)
        assert spectra.translate("copy", tmp_path / "a.png", tmp_path / f"out_{task}").task == task


def test_a_world_file_beside_a_plain_tiff_is_told(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", grey(), photometric="rgb")
    (tmp_path / "a.tfw").write_text("1\n0\n0\n-1\n0\n0\n")
    done = spectra.translate("copy", tmp_path / "a.tif", tmp_path / "out")
    assert done.notes == ["1 images have files beside them that are not read (.tfw)."]
