"""Where there is no data: a result is valid only where all it came from was, and statistics pass over the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from spectra.data.pairs import Picture
from tests.data.augment import reference
from tests.data.augment.made import cut, noise, pair, picture, plan, ramp


def holes(height: int, width: int, seed: int = 0, share: float = 0.05) -> Tensor:
    drawn = np.random.default_rng([seed, 7]).uniform(size=(height, width)) >= share
    drawn[height // 2, width // 2] = False
    return torch.from_numpy(drawn)


def masked(image: Tensor, valid: Tensor, *entries: Any, seed: int = 0) -> Picture:
    made = plan((image.shape[-2], image.shape[-1]), *entries, seed=seed)
    return made.picture(picture(cut(image, made), cut(valid, made)), "source")


@pytest.mark.parametrize(
    "entry",
    [
        {"flip": {"horizontal": 1, "vertical": 1}},
        {"rotate": {"quarter": True}},
        {"crop": {"size": 7}},
        {"crop": {"size": 7, "resize": 21, "interpolation": "nearest"}},
        {"resize": {"size": [5, 20], "interpolation": "nearest"}},
        {"rotate": {"degrees": 40, "interpolation": "nearest"}},
    ],
)
@pytest.mark.parametrize("seed", range(4))
def test_a_mask_goes_where_its_pixels_go(entry: Any, seed: int) -> None:
    """The image says of each pixel which it was, so that the mask can be looked up."""
    image, valid = ramp(9, 12), holes(9, 12, seed, 0.3)
    result = masked(image, valid, entry, seed=seed)
    made = plan((9, 12), entry, seed=seed)
    places = made.picture(picture(cut(image, made)), "source").pixels[0].long()
    assert result.valid is not None and torch.equal(result.valid, valid.flatten()[places])


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "area"])
@pytest.mark.parametrize("after", [(5, 7), (9, 31), (30, 40), (13, 17), (1, 2)])
def test_what_any_invalid_pixel_weighs_in_is_invalid_and_nothing_else(
    after: tuple[int, int], interpolation: str
) -> None:
    valid = holes(14, 18, 3, 0.02)
    result = masked(noise(2, 14, 18), valid, {"resize": {"size": after, "interpolation": interpolation}})
    expected = ~reference.comes_from(~valid.numpy(), *after, interpolation)
    found = np.ones(after, bool) if result.valid is None else result.valid.numpy()
    np.testing.assert_array_equal(found, expected)


@settings(deadline=None, max_examples=40)
@given(
    st.floats(-180, 180), st.sampled_from(["nearest", "bilinear", "bicubic"]), st.sampled_from(["reflect", "invalid"])
)
def test_no_valid_pixel_of_a_turned_image_depends_on_an_invalid_one(degrees: float, how: str, border: str) -> None:
    if degrees == 0:
        return
    image, valid = noise(1, 12, 15), holes(12, 15)
    entry = {"rotate": {"degrees": [degrees, degrees], "interpolation": how, "border": border}}
    other = torch.where(valid, image, 1000.0)
    first, second = masked(image, valid, entry), masked(other, valid, entry)
    assert first.valid is not None and second.valid is not None and torch.equal(first.valid, second.valid)
    # What weighs less than a thousandth may shine through.
    torch.testing.assert_close(first.pixels[:, first.valid], second.pixels[:, first.valid], atol=2.5, rtol=0)


def test_turning_marks_what_comes_from_outside_as_without_data() -> None:
    image = torch.ones(1, 20, 20)
    entry = {"rotate": {"degrees": [45, 45], "border": "invalid"}}
    made = plan((20, 20), entry).picture(picture(image), "source")
    assert made.valid is not None
    y, x = np.mgrid[:20, :20] - 9.5
    far = np.maximum(np.abs(x + y), np.abs(x - y)) / np.sqrt(2)
    assert not made.valid[torch.from_numpy(far > 9.6)].any() and made.valid[torch.from_numpy(far < 9.4)].all()
    assert torch.allclose(made.pixels, image)  # filled with the mean of the rest
    reflected = plan((20, 20), {"rotate": {"degrees": [45, 45]}}).picture(picture(image), "source")
    assert reflected.valid is None


def test_a_blur_takes_from_the_valid_what_it_mixes_with_the_invalid() -> None:
    valid = torch.ones(15, 15, dtype=torch.bool)
    valid[7, 7] = False
    result = masked(noise(1, 15, 15), valid, {"blur": {"sigma": 1}})
    assert result.valid is not None and (~result.valid).sum() == 7 * 7 and not result.valid[4:11, 4:11].any()


def test_statistics_are_of_valid_pixels_alone() -> None:
    image, valid = noise(2, 8, 9), holes(8, 9, share=0.3)
    for pivot in ("mean", "bands"):
        entry = {"contrast": {"factor": 1.5, "pivot": pivot}}
        first = masked(image, valid, entry)
        second = masked(torch.where(valid, image, 1e4), valid, entry)
        assert torch.equal(first.pixels, second.pixels)
        known = image[:, valid].double()
        mean = known.mean() if pivot == "mean" else known.mean(1, keepdim=True)
        torch.testing.assert_close(first.pixels[:, valid].double(), mean + 1.5 * (known - mean), atol=2e-6, rtol=0)


@pytest.mark.parametrize("entry", ["flip", "noise", "gamma", {"brightness": {"factor": 2}}, {"resize": {"size": 10}}])
def test_pixels_without_data_hold_the_mean_of_the_others(entry: Any) -> None:
    result = masked(noise(2, 12, 12), holes(12, 12), entry, {"flip": {"horizontal": 1}})
    assert result.valid is not None and not result.valid.all()
    means = result.pixels[:, result.valid].mean(1)
    torch.testing.assert_close(result.pixels[:, ~result.valid], means[:, None].expand(2, int((~result.valid).sum())))


def test_a_mask_that_a_crop_leaves_whole_is_none_and_one_without_any_data_is_possible() -> None:
    valid = torch.ones(8, 8, dtype=torch.bool)
    valid[0, 0] = False
    flip = {"flip": {"horizontal": 1}}
    masks = [masked(noise(1, 8, 8), valid, {"crop": {"size": 7}}, flip, seed=seed).valid for seed in range(20)]
    assert any(mask is None for mask in masks) and any(mask is not None for mask in masks)
    nothing = masked(noise(1, 8, 8), torch.zeros(8, 8, dtype=torch.bool), "contrast", "blur", flip)
    assert nothing.valid is not None and not nothing.valid.any() and torch.isfinite(nothing.pixels).all()


def test_each_image_of_a_pair_keeps_its_own_mask() -> None:
    image, valid = noise(1, 9, 9), holes(9, 9)
    both = pair(image, image, valid)
    made = plan((9, 9), {"flip": {"horizontal": 1}})
    target = picture(image)
    result = made.pair(type(both)("made", "made", both.source, target))
    assert result.source.valid is not None and torch.equal(result.source.valid, valid.flip(1))
    assert result.target.valid is None and torch.equal(result.target.pixels, image.flip(2))
