"""From the values of a file to the unit interval, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from spectra.data.catalogue import ImageFile
from spectra.data.images import write_image
from spectra.data.pairs import Picture
from spectra.data.pictures import TIE, as_stored, to_array, to_picture
from spectra.data.reader import Reader, read
from spectra.errors import ImageError, SpectraError
from spectra.modalities import Modality, Scale
from spectra.recipe.recipe import Recipe

ALL_LEVELS: dict[str, NDArray[Any]] = {
    "uint8": np.arange(2**8, dtype=np.uint8),
    "uint16": np.arange(2**16, dtype=np.uint16),
}


@pytest.mark.parametrize("dtype", ALL_LEVELS)
@pytest.mark.parametrize(
    "text",
    ["dtype", "reflectance 0..10000", "K 250..330", "dB -25..0", "DN 1000..1001", "DN 0..4000000", "DN 0.1..0.7"],
)
def test_every_level_of_an_integer_file_comes_back(dtype: str, text: str) -> None:
    array = ALL_LEVELS[dtype].reshape(16, -1, 1)
    picture = to_picture(array, Scale.parse(text))
    np.testing.assert_array_equal(to_array(picture.pixels, Scale.parse(text), dtype), array)


@given(low=st.floats(-1e5, 1e5), span=st.floats(1e-2, 1e6))
def test_every_16_bit_level_comes_back_through_any_scale(low: float, span: float) -> None:
    array = ALL_LEVELS["uint16"].reshape(256, 256, 1)
    scale = Scale(low, low + span)
    np.testing.assert_array_equal(to_array(to_picture(array, scale).pixels, scale, "uint16"), array)


def test_floats_of_the_unit_scale_come_back_bit_for_bit_values_outside_it_too() -> None:
    array = np.random.default_rng(0).normal(0.5, 2, (7, 5, 4)).astype(np.float32)
    array[0, 0] = [0, 1, 1e-38, -3]
    np.testing.assert_array_equal(to_array(to_picture(array, Scale()).pixels, Scale(), "float32"), array)


def test_floats_of_another_scale_come_back_to_the_precision_of_float32() -> None:
    array = np.random.default_rng(0).uniform(240, 340, (7, 5, 2)).astype(np.float32)
    scale = Scale.parse("K 250..330")
    np.testing.assert_allclose(to_array(to_picture(array, scale).pixels, scale, "float32"), array, rtol=3e-7)


def test_channels_and_places_keep_their_order() -> None:
    array = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
    pixels = to_picture(array, Scale()).pixels
    assert pixels.shape == (4, 2, 3)
    assert round(float(pixels[3, 1, 2]) * 255) == array[1, 2, 3]


def test_the_array_is_left_alone_and_not_shared() -> None:
    array = np.full((2, 2, 1), 0.5, np.float32)
    to_picture(array, Scale(0.25, 0.75)).pixels.zero_()
    assert (array == 0.5).all()


@pytest.mark.parametrize("level", [0, 1, 100, 254])
def test_a_half_is_rounded_up_and_what_is_clearly_below_it_down(level: int) -> None:
    half = (level + 0.5) / 255
    values = torch.tensor([half, half - TIE / 2, half - 4 * TIE, half + 4 * TIE]).reshape(1, 1, 4)
    assert to_array(values, Scale(), "uint8").ravel().tolist() == [level + 1, level + 1, level, level + 1]


def test_values_beyond_the_file_type_are_saturated() -> None:
    values = torch.tensor([-0.5, 0.0, 1.0, 1.5]).reshape(1, 1, 4)
    assert to_array(values, Scale(), "uint8").ravel().tolist() == [0, 0, 255, 255]
    assert to_array(values, Scale(0, 100000), "uint16").ravel().tolist() == [0, 0, 65535, 65535]


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_counted_and_refused(wrong: float) -> None:
    array = np.zeros((3, 3, 2), np.float32)
    array[1, 2, 1] = array[0, 0, 0] = wrong
    with pytest.raises(SpectraError, match="2 values that are NaN or infinite"):
        to_picture(array, Scale())


@pytest.mark.parametrize("said", ["dtype", "K 250..330", "reflectance 0..10000 nodata 0"])
def test_the_advice_against_nan_is_a_key_of_a_recipe_that_does_away_with_the_fault(said: str) -> None:
    array = np.full((1, 2, 1), np.nan, np.float32)
    array[0, 1] = 300
    with pytest.raises(SpectraError) as caught:
        to_picture(array, Scale.parse(said))
    advised = str(caught.value).split("`")[1].removeprefix("data.source.scale: ")
    scale = Recipe.model_validate(
        {"task": "gray2nir", "translator": "copy", "data": {"source": {"scale": advised}}}
    ).data.source.scale
    assert scale is not None and Scale.parse(scale).nodata != Scale.parse(said).nodata
    mended = to_picture(array, Scale.parse(scale))
    assert mended.valid is not None and mended.valid.tolist() == [[False, True]]
    assert mended.scale.unit == Scale.parse(said).for_type("float32").unit


def test_infinities_of_both_signs_do_not_cancel() -> None:
    array = np.array([np.inf, -np.inf], np.float32).reshape(1, 2, 1)
    with pytest.raises(SpectraError, match="2 values"):
        to_picture(array, Scale())


def test_large_finite_floats_are_not_taken_for_infinite() -> None:
    array = np.full((2, 2, 1), 3e38, np.float32)
    assert to_picture(array, Scale(0, 3e38)).pixels.max() == 1


def test_nodata_marks_pixels_and_they_take_the_mean_of_the_others() -> None:
    array = np.array([[0, 10], [20, 0]], np.uint8)[..., None]
    picture = to_picture(array, Scale.parse("dtype nodata 0"))
    assert picture.valid is not None
    assert picture.valid.tolist() == [[False, True], [True, False]]
    assert picture.pixels[0, 0, 0] == pytest.approx(15 / 255)


def test_a_pixel_is_without_data_where_all_its_channels_bear_the_mark() -> None:
    array = np.array([[[0, 0], [0, 9]]], np.uint8)
    picture = to_picture(array, Scale.parse("dtype nodata 0"))
    assert picture.valid is not None
    assert picture.valid.tolist() == [[False, True]]


def test_nodata_nan_marks_a_pixel_by_one_channel_and_infinity_stays_refused() -> None:
    array = np.array([[[np.nan, 1], [0.5, 0.5]]], np.float32)
    picture = to_picture(array, Scale.parse("dtype nodata nan"))
    assert picture.valid is not None
    assert picture.valid.tolist() == [[False, True]]
    assert picture.pixels.isfinite().all()
    array[0, 1, 0] = np.inf
    with pytest.raises(SpectraError, match="1 values"):
        to_picture(array, Scale.parse("dtype nodata nan"))


def test_nodata_of_a_float_is_compared_as_float32() -> None:
    array = np.array([0.1, 0.2], np.float32).reshape(1, 2, 1)
    picture = to_picture(array, Scale.parse("dtype nodata 0.1"))
    assert picture.valid is not None
    assert picture.valid.tolist() == [[False, True]]


def test_no_mask_where_every_pixel_has_data_and_no_failure_where_none_has() -> None:
    scale = Scale.parse("dtype nodata 0")
    assert to_picture(np.ones((2, 2, 1), np.uint8), scale).valid is None
    empty = to_picture(np.zeros((2, 2, 1), np.uint8), scale)
    assert empty.valid is not None
    assert not empty.valid.any()
    assert empty.pixels.isfinite().all()


def picture(path: Path, modality: str) -> Picture:
    return read(Reader(), ImageFile(path), Modality.parse(modality))


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32"])
def test_grey_that_was_stored_as_colour_is_read_as_the_grey_it_is(tmp_path: Path, kind: str) -> None:
    grey = np.random.default_rng(0).integers(0, 255, (5, 6, 1)).astype(kind)
    write_image(tmp_path / "ir.tif", np.repeat(grey, 3, axis=2))
    write_image(tmp_path / "one.tif", grey)

    assert torch.equal(picture(tmp_path / "ir.tif", "lwir").pixels, picture(tmp_path / "one.tif", "lwir").pixels)


def test_gaps_in_grey_that_was_stored_as_colour_are_no_colour(tmp_path: Path) -> None:
    grey = np.full((5, 6, 1), 0.5, np.float32)
    grey[2, 3] = np.nan
    write_image(tmp_path / "ir.tif", np.repeat(grey, 3, axis=2))
    modality = Modality("lwir", 1, Scale.parse("dtype nodata nan"))

    found = read(Reader(), ImageFile(tmp_path / "ir.tif"), modality)
    assert found.valid is not None and int((~found.valid).sum()) == 1


def test_colour_where_grey_is_meant_is_refused_though_one_value_differs(tmp_path: Path) -> None:
    image = np.full((5, 6, 3), 80, np.uint8)
    image[4, 5, 2] = 81
    write_image(tmp_path / "ir.png", image)
    with pytest.raises(ImageError, match=r"has 3 channels, where lwir means 1.*they differ"):
        picture(tmp_path / "ir.png", "lwir")


def test_a_wrong_number_of_channels_is_told_with_the_file_and_both_numbers(tmp_path: Path) -> None:
    write_image(tmp_path / "grey.png", np.zeros((4, 4, 1), np.uint8))
    with pytest.raises(ImageError, match=r"grey\.png' has 1 channel, where rgb means 3"):
        picture(tmp_path / "grey.png", "rgb")


def test_a_fault_of_the_values_names_the_file(tmp_path: Path) -> None:
    write_image(tmp_path / "broken.npy", np.full((4, 4, 1), np.nan, np.float32))
    with pytest.raises(ImageError, match=r"broken\.npy': holds 16 values"):
        picture(tmp_path / "broken.npy", "nir")


def test_as_stored_is_what_a_file_would_give_back() -> None:
    pixels = torch.rand(2, 5, 6, generator=torch.Generator().manual_seed(0))
    for dtype in ("uint8", "uint16", "float32"):
        again = to_picture(to_array(pixels, Scale(), dtype), Scale()).pixels
        assert torch.equal(as_stored(pixels, Scale(), dtype), again)
