"""Crops, flips and quarter turns move pixels and change none; both images of a pair alike."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spectra.errors import DataError
from tests.data.augment.made import applied, augmentation, cut, noise, pair, picture, plan, ramp, random

JOINT: list[Any] = [
    "flip",
    {"flip": {"horizontal": 1, "vertical": 1}},
    {"rotate": {"quarter": True}},
    {"rotate": {"degrees": 30}},
    {"rotate": {"degrees": 30, "quarter": True, "interpolation": "bicubic", "border": "invalid"}},
    {"crop": {"size": 5}},
    {"crop": {"size": [3, 7], "resize": 6}},
    {"resize": {"size": [4, 9], "interpolation": "area"}},
    {"resize": {"short": 5}},
    "scale",
    {"scale": {"factor": [0.5, 3], "interpolation": "nearest"}},
    {"pix2pixhd": {"mode": "resize_and_crop", "load": 12, "crop": 8}},
    {"pix2pixhd": {"mode": "scale_width", "load": 12}},
    {"pix2next": {"size": 8, "flip": 0.5}},
]


@settings(deadline=None)  # the machine may be busy
@given(
    st.lists(st.sampled_from(JOINT[:5] + JOINT[7:]), max_size=2),
    st.sampled_from(JOINT),
    st.integers(7, 15),
    st.integers(7, 15),
    st.integers(1, 5),
    st.integers(0, 2**32),
)
def test_source_and_target_stay_aligned(
    more: list[Any], entry: Any, height: int, width: int, bands: int, seed: int
) -> None:
    image = noise(bands, height, width)
    try:
        made = plan((height, width), entry, *more, seed=seed)
    except DataError:  # a crop of what has become too small
        return
    result = made.pair(pair(cut(image, made), cut(image[:1], made)))
    assert torch.equal(result.source.pixels[:1], result.target.pixels)
    assert result.source.pixels.shape == (bands, *made.size) and result.source.pixels.dtype == torch.float32
    masks = [picture.valid for picture in (result.source, result.target)]
    assert masks[0] is masks[1] is None or torch.equal(*masks)  # type: ignore[arg-type]


def test_a_flip_changes_left_and_right_or_top_and_bottom() -> None:
    image = ramp(3, 4)
    assert torch.equal(applied(image, {"flip": {"horizontal": 1}}), image.flip(2))
    assert torch.equal(applied(image, {"flip": {"horizontal": 0, "vertical": 1}}), image.flip(1))
    assert torch.equal(applied(image, {"flip": {"horizontal": 0, "vertical": 0}}), image)


@settings(deadline=None)  # the machine may be busy
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 5))
def test_two_flips_and_four_quarter_turns_are_nothing(height: int, width: int, bands: int) -> None:
    image = noise(bands, height, width)
    flip = {"flip": {"horizontal": 1, "vertical": 1}}
    assert torch.equal(applied(image, flip, flip), image)
    seed = next(seed for seed in range(50) if turns(seed) == 1)
    turned = image
    for _ in range(4):
        turned = applied(turned, {"rotate": {"quarter": True}}, seed=seed)
    assert torch.equal(turned, image)


def turns(seed: int) -> int:
    """How many quarter turns a seed draws, as the pixels say."""
    image = ramp(3, 3)
    turned = applied(image, {"rotate": {"quarter": True}}, seed=seed)
    return next(count for count in range(4) if torch.equal(torch.rot90(image, count, (1, 2)), turned))


def test_quarter_turns_and_flips_come_as_often_as_they_should() -> None:
    quarters = Counter(turns(seed) for seed in range(400))
    assert set(quarters) == {0, 1, 2, 3} and min(quarters.values()) > 60
    image = ramp(1, 2)
    flipped = sum(not torch.equal(applied(image, "flip", seed=seed), image) for seed in range(400))
    seldom = sum(
        not torch.equal(applied(image, {"flip": {"horizontal": 0.1}}, seed=seed), image) for seed in range(400)
    )
    assert 160 < flipped < 240 and 15 < seldom < 70


def test_a_crop_is_a_part_of_the_image_from_any_place() -> None:
    corners = set()
    for seed in range(400):
        crop = applied(ramp(6, 7), {"crop": {"size": 4}}, seed=seed)
        row, column = divmod(int(crop[0, 0, 0]), 7)
        assert torch.equal(crop, ramp(6, 7)[:, row : row + 4, column : column + 4])
        corners.add((row, column))
    assert len(corners) == 3 * 4


def test_the_side_of_a_crop_is_drawn_between_both_ends_and_may_be_brought_back() -> None:
    sides = {applied(ramp(9, 9), {"crop": {"size": [3, 5]}}, seed=seed).shape[1:] for seed in range(60)}
    assert sides == {(3, 3), (4, 4), (5, 5)}
    back = {"crop": {"size": [3, 5], "resize": 8, "interpolation": "nearest"}}
    results = [applied(ramp(9, 9), back, seed=seed) for seed in range(60)]
    assert {result.shape[1:] for result in results} == {(8, 8)}
    assert {len(result.unique()) for result in results} == {9, 16, 25}


@settings(deadline=None)  # the machine may be busy
@given(st.floats(0.3, 3))
def test_a_scale_changes_both_sides_by_the_factor(factor: float) -> None:
    height, width = applied(noise(1, 20, 33), {"scale": {"factor": factor}}).shape[1:]
    assert abs(height - 20 * factor) <= 0.5 + 1e-9 and abs(width - 33 * factor) <= 0.5 + 1e-9


def test_the_shorthand_crop_comes_last() -> None:
    result = applied(noise(1, 20, 20), {"resize": {"size": 10}}, crop=6)
    assert result.shape == (1, 6, 6)
    with pytest.raises(DataError, match=r"`train.crop: 16` is larger than 10×10 pixels, .* image of 20×20 pixels"):
        applied(noise(1, 20, 20), {"resize": {"size": 10}}, crop=16)


def test_a_crop_that_does_not_fit_is_refused_before_any_draw_and_at_the_draw() -> None:
    large = augmentation("flip", {"crop": {"size": [4, 11]}})
    told = r"`train.augment.1.crop.size: 11` is larger than the training pair 'small', which has 12×10 pixels\."
    with pytest.raises(DataError, match=told):
        large.sizes((10, 12), "small")
    with pytest.raises(DataError, match="'small'"):
        augmentation({"crop": {"size": 11}}).draw((10, 12), random(0), "small")
    with pytest.raises(DataError, match=r"`train.augment.0.pix2pixhd.crop: 9` is larger than 8×8"):
        augmentation({"pix2pixhd": {"mode": "resize_and_crop", "load": 8, "crop": 9}}).sizes((20, 20))


def test_an_image_that_is_not_the_planned_window_is_refused() -> None:
    made = plan((9, 9), {"crop": {"size": 4}})
    with pytest.raises(DataError, match=r"4×4 pixels was given an image of 9×9"):
        made.picture(picture(ramp(9, 9)), "source")
