"""Scales by percentiles of the train split, against `numpy.percentile`."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from spectra.data import percentiles
from spectra.data.pairs import Picture
from spectra.data.percentiles import Spread, raw, resolved
from spectra.data.pictures import to_picture
from spectra.errors import DataError
from spectra.modalities import Scale

images = st.sampled_from(["uint8", "uint16", "float32"]).flatmap(
    lambda kind: st.lists(
        arrays.arrays(
            kind,
            st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 3)),
            elements=st.integers(0, 255) if kind != "float32" else st.floats(-1e6, 1e6, width=32),
        ),
        min_size=1,
        max_size=4,
    )
)
shares = st.tuples(st.floats(0, 100), st.floats(0, 100)).map(sorted)


def pictures(given_images: list[NDArray[np.generic]], nodata: float | None = None) -> list[Picture]:
    return [to_picture(image, raw(Scale(nodata=nodata))) for image in given_images]


@settings(deadline=None)
@given(images, shares)
def test_percentiles_are_those_of_all_pixels_of_all_images(
    given_images: list[NDArray[np.generic]], share: list[float]
) -> None:
    spread = Spread()
    for picture in pictures(given_images):
        spread.add(picture)
    everything = np.concatenate([image.ravel() for image in given_images]).astype(np.float64)

    assert spread.percentiles(*share) == pytest.approx(np.percentile(everything, share), rel=1e-9, abs=1e-9)


def test_pixels_without_data_do_not_count() -> None:
    image = np.full((4, 4, 1), 9000, np.uint16)
    image[0, :, 0] = 0
    image[1, :2, 0] = [100, 200]
    scale = Scale(unit="DN", nodata=0, percentiles=(0, 100))

    assert resolved(scale, pictures([image], 0), "source") == Scale(100, 9000, "DN", 0)


def test_the_unit_and_the_mark_for_no_data_stay() -> None:
    values = np.linspace(250, 330, 101, dtype=np.float32).reshape(101, 1, 1)
    found = resolved(Scale.parse("K percentiles 25..75 nodata nan"), pictures([values], math.nan), "target")

    assert found.limits == pytest.approx((270, 310))
    assert (found.unit, found.percentiles) == ("K", None)
    assert math.isnan(found.nodata or 0)


def test_limits_that_are_given_are_left_alone() -> None:
    assert resolved(Scale(1, 2), [], "source") == Scale(1, 2)


@pytest.mark.parametrize("value", [0, 7])
def test_a_split_of_one_value_or_of_none_is_refused(value: int) -> None:
    image = np.full((3, 3, 1), value, np.uint8)
    with pytest.raises(DataError, match=r"is empty: both .* are 7|holds no pixel with data"):
        resolved(Scale(nodata=0, percentiles=(1, 99)), pictures([image], 0), "source")


def test_many_floats_are_thinned_out_and_still_nearly_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(percentiles, "MOST_FLOATS", 1000)
    spread = Spread()
    chosen = np.random.default_rng(0)
    for _ in range(40):
        spread.add(to_picture(chosen.normal(size=(20, 20, 1)).astype(np.float32), raw(Scale())))

    assert spread.kept <= 1000
    assert spread.every >= 16
    assert spread.percentiles(10, 50) == pytest.approx((-1.28, 0.0), abs=0.15)


def test_values_that_are_kept_of_many_are_not_always_those_of_the_same_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(percentiles, "MOST_FLOATS", 4096)
    stripes = np.tile(np.arange(32, dtype=np.float32) % 4, (64, 1))[..., None]
    spread = Spread()
    for _ in range(20):
        spread.add(to_picture(stripes, raw(Scale())))
    assert spread.every >= 8
    assert spread.percentiles(12, 88) == pytest.approx((0, 3))
    assert spread.histogram(0, 4, 4) == pytest.approx([10_240] * 4, rel=0.15)
