"""What a header tells beside size and kind: no-data, georeference, bits in use."""

from __future__ import annotations

import math
from typing import Any

import pytest

from spectra.data.images import Header, read_header, read_image
from tests.data.files import Put, assert_refused, encoded, noise, npy, tiff, tiff_by_hand


def noted(code: int, kind: str, count: int, value: Any) -> bytes:
    return tiff(noise(4, 6), metadata=None, extratags=[(code, kind, count, value, True)])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-9999", -9999),
        ("0", 0),
        ("-3.4028234663852886e+38", -3.4028234663852886e38),
        ("nan ", math.nan),
        ("-inf", -math.inf),
        ("", None),
        ("none", None),
        ("1_0", None),
        ("9" * 100, None),
        ("-9999\n", -9999),
    ],
)
def test_gdals_no_data_is_told_and_garbage_is_passed_over(put: Put, text: str, value: float | None) -> None:
    path = put(".tif", noted(42113, "s", 0, text))
    told = read_header(path).nodata
    assert told == value or (value is not None and told is not None and math.isnan(told) and math.isnan(value))
    assert read_image(path).shape == (4, 6, 1)


def test_no_data_of_another_type_is_passed_over(put: Put) -> None:
    assert read_header(put(".tif", noted(42113, "d", 1, 5.0))).nodata is None


@pytest.mark.parametrize(("code", "count"), [(33550, 3), (33922, 6), (34264, 16)])
def test_a_georeference_is_told(put: Put, code: int, count: int) -> None:
    assert read_header(put(".tif", noted(code, "d", count, tuple(range(count))))).georeferenced
    assert read_header(put(".tif", noted(34735, "H", 4, (1, 1, 0, 0)))).georeferenced
    assert not read_header(put(".tif", tiff(noise(4, 6)))).georeferenced


def test_bits_in_use_are_told_where_the_file_states_them(put: Put) -> None:
    assert read_header(put(".tif", tiff_by_hand(noise(4, 6, 1, dtype="uint16"), 1, bytes(36), depth=12))).bits == 12
    assert read_header(put(".tif", tiff(noise(4, 6, dtype="uint16")))).bits == 16
    assert read_header(put(".npy", npy(noise(4, 6)))).bits is None
    assert read_header(put(".png", encoded(".png", noise(4, 6)))).bits is None


def test_headers_are_equal_however_the_image_is_stored(put: Put) -> None:
    header = read_header(put(".tif", noted(42113, "s", 0, "nan")))
    assert header == Header(4, 6, 1, "uint8")
    assert str(header) == "6×4 pixels, 1 channels, uint8"


def test_georeference_and_no_data_change_no_pixel(put: Put) -> None:
    image = noise(4, 6)
    tags = [(42113, "s", 0, "7", True), (33550, "d", 3, (2.0, 2.0, 0.0), True)]
    assert (read_image(put(".tif", tiff(image, metadata=None, extratags=tags)))[..., 0] == image).all()


def test_one_page_that_tells_of_more_is_refused(put: Put) -> None:
    """As some microscopes write: one directory, and the other bands behind its pixels."""
    data = tiff(noise(3, 8, 9), photometric="minisblack", metadata={"axes": "CYX"}, truncate=True)
    assert_refused(put(".tif", data), "3 × 8 × 9", "one page a band")


@pytest.mark.parametrize(("width", "colours"), [(1, "minisblack"), (3, "rgb")])
def test_bands_that_a_writer_took_for_rows_are_refused(put: Put, width: int, colours: str) -> None:
    data = tiff(noise(5, 8, width), photometric=colours, metadata={"axes": "CYX"})
    assert_refused(put(".tif", data), f"5 × 8 × {width}", "one page a band")


def test_a_stack_of_one_band_is_read(put: Put) -> None:
    image = noise(1, 8, 9)
    data = tiff(image, photometric="minisblack", metadata={"axes": "CYX"})
    assert (read_image(put(".tif", data))[..., 0] == image[0]).all()


def test_compressions_that_are_not_read_are_named(put: Put) -> None:
    data = tiff(noise(16, 16), compression="png", metadata=None)
    assert_refused(put(".tif", data), "compression (PNG)", "save it with deflate")
