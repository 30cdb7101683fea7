"""Which pixels count as without data, where files and scales say so in odd ways, and what that changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
import tifffile

import spectra
from spectra.data.images import write_image
from spectra.errors import DataError
from spectra.modalities import Scale, Task
from spectra.translation import windows
from tests.geotiffs import geotiff, pixels
from tests.translation.images import image
from tests.translation.test_windows import blurred


def of_scale(source: str, name: str = "copy") -> spectra.Model:
    task = Task.parse("rgb2rgb")
    return spectra.load(name, Task(task.source.with_scale(Scale.parse(source)), task.target))


def test_a_tiff_that_has_a_no_data_value_and_no_place_keeps_the_value(tmp_path: Path) -> None:
    tag = (42113, "s", 0, "7", True)
    tifffile.imwrite(tmp_path / "a.tif", image(4), photometric="rgb", metadata=None, extratags=[tag])
    assert spectra.translate("copy", tmp_path / "a.tif", tmp_path / "out").notes == []
    with rasterio.open(tmp_path / "out" / "a.tif") as file:
        assert file.nodata == 7


def test_no_data_of_the_scale_wins_over_that_of_the_file(tmp_path: Path) -> None:
    array = image(4, size=(20, 30)).clip(10)
    array[3:5], array[8:9] = 0, 255
    source = geotiff(tmp_path / "a.tif", array, nodata=255)
    spectra.translate(of_scale("dtype nodata 0", "inverse"), source, tmp_path / "out")
    result = pixels(tmp_path / "out" / "a.tif")
    assert (result[3:5] == 255).all()  # without data, and marked as the file marks it
    np.testing.assert_array_equal(result[5:], 255 - array[5:])


def test_opacity_is_a_band_and_no_mask(tmp_path: Path) -> None:
    array = image(4, 4, size=(20, 30))
    array[3:5, :, 3] = 0
    source = geotiff(tmp_path / "a.tif", array, photometric="RGB", alpha="YES")
    spectra.translate("copy", source, tmp_path / "out")
    np.testing.assert_array_equal(pixels(tmp_path / "out" / "a.tif"), array)


@pytest.mark.parametrize(("reach", "parts"), [(0, True), (2, False)])
def test_holes_that_a_neighbourhood_sees_need_the_whole_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reach: int, parts: bool
) -> None:
    monkeypatch.setattr(windows, "LARGE", 100)
    monkeypatch.setattr(windows, "WINDOW", 300)
    array = image(4, size=(64, 48)).clip(1)
    array[:32] //= 4  # so that the mean of a window is not that of the whole
    array[30:34, 20:30] = 0
    source = geotiff(tmp_path / "a.tif", array, nodata=0, blockysize=4)
    told: list[str] = []
    spectra.translate(blurred(reach, 1), source, tmp_path / "out", progress=lambda *said: told.append(str(said[0])))
    assert ("a.tif" in told) == parts


def test_other_scales_are_other_work(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png", image(4))
    spectra.translate(of_scale("dtype"), tmp_path / "a.png", tmp_path / "out")
    with pytest.raises(DataError, match="scales: "):
        spectra.translate(of_scale("dtype nodata 3"), tmp_path / "a.png", tmp_path / "out")
