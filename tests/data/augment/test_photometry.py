"""Contrast, brightness, gamma, noise and blur: on the side they are meant for, at any values, nothing clipped."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from tests.data.augment.made import applied, noise, pair, picture, plan

FIXED: dict[str, dict[str, Any]] = {
    "contrast": {"factor": 1.5},
    "brightness": {"factor": 1.25, "shift": 0.5},
    "gamma": {"exponent": 2},
    "noise": {"std": 0.5},
    "blur": {"sigma": 1},
}


@pytest.mark.parametrize("name", FIXED)
def test_only_the_image_that_is_meant_is_changed(name: str) -> None:
    image = noise(3, 9, 8)
    for on, changed in (("source", (True, False)), ("target", (False, True)), ("both", (True, True))):
        made = plan((9, 8), {name: {**FIXED[name], "on": on}})
        result = made.pair(pair(image, image))
        found = [not torch.equal(one.pixels, image) for one in (result.source, result.target)]
        assert tuple(found) == changed
        assert on != "both" or torch.equal(result.source.pixels, result.target.pixels)
        alone = [made.picture(picture(image), "source"), made.picture(picture(image), "target")]
        assert tuple(not torch.equal(one.pixels, image) for one in alone) == changed


@pytest.mark.parametrize("name", FIXED)
def test_by_default_the_target_is_left_as_it_is(name: str) -> None:
    image = noise(1, 9, 8)
    assert torch.equal(plan((9, 8), {name: FIXED[name]}).pair(pair(image, image)).target.pixels, image)


def test_contrast_is_about_the_mean_of_all_bands_of_each_or_a_number() -> None:
    image = noise(3, 6, 7)
    values = image.double().numpy()
    pivots = {"mean": values.mean(), "bands": values.mean((1, 2), keepdims=True), 0.25: 0.25}
    for pivot, value in pivots.items():
        ours = applied(image, {"contrast": {"factor": 1.5, "pivot": pivot}})
        np.testing.assert_allclose(ours.numpy(), value + 1.5 * (values - value), atol=2e-6)


def test_brightness_multiplies_then_shifts() -> None:
    image = noise(2, 6, 7)
    ours = applied(image, {"brightness": {"factor": 1.5, "shift": -0.25}})
    np.testing.assert_allclose(ours.numpy(), image.numpy() * 1.5 - 0.25, atol=1e-6)


def test_gamma_keeps_the_sign_and_is_defined_everywhere() -> None:
    image = torch.tensor([[[-4.0, -0.25, 0.0, 0.25, 1.0, 4.0]]])
    expected = torch.tensor([[[-2.0, -0.5, 0.0, 0.5, 1.0, 2.0]]])
    assert torch.allclose(applied(image, {"gamma": {"exponent": 0.5}}), expected)


def test_noise_has_the_spread_that_is_said_is_new_each_time_and_differs_between_bands() -> None:
    image = torch.zeros(2, 100, 100)
    first = applied(image, {"noise": {"std": 0.25}}, seed=1)
    assert abs(float(first.std()) - 0.25) < 0.01 and abs(float(first.mean())) < 0.01
    assert abs(np.corrcoef(first[0].flatten(), first[1].flatten())[0, 1]) < 0.05
    assert not torch.equal(first, applied(image, {"noise": {"std": 0.25}}, seed=2))


def test_a_blur_is_that_of_scipy() -> None:
    image = noise(2, 15, 18)
    ours = applied(image, {"blur": {"sigma": 1.5}})
    theirs = [gaussian_filter(plane.numpy().astype(np.float64), 1.5, mode="nearest", radius=5) for plane in image]
    np.testing.assert_allclose(ours.numpy(), np.stack(theirs), atol=2e-6)


def test_a_blur_wider_than_the_image_and_one_of_nothing_are_possible() -> None:
    image = noise(1, 3, 2)
    assert applied(image, {"blur": {"sigma": 20}}).std() < 0.2
    assert torch.equal(applied(image, {"blur": {"sigma": 0}}), image)


@settings(deadline=None)  # the machine may be busy
@given(st.floats(-50, 50, width=32), st.sampled_from(["contrast", "blur"]))
def test_a_constant_image_stays_constant(value: float, name: str) -> None:
    image = torch.full((2, 5, 6), value)
    torch.testing.assert_close(applied(image, {name: FIXED[name]}), image, rtol=1e-6, atol=1e-30)


@pytest.mark.parametrize("name", FIXED)
def test_values_beyond_the_scale_are_changed_like_all_others(name: str) -> None:
    image = noise(1, 30, 30) * 100
    changed = applied(image, {name: FIXED[name]})
    assert changed.dtype == torch.float32
    assert changed.min() < -40 and changed.max() > 40


def test_nothing_is_brought_to_levels_of_8_bits() -> None:
    image = (torch.arange(4096.0) / 65535).view(1, 64, 64)
    for entry in ("flip", {"contrast": {"factor": 1.5}}, {"brightness": {"factor": 1.1}}, {"gamma": {"exponent": 1.1}}):
        assert len(applied(image, entry).unique()) > 4000


def test_what_is_random_is_drawn_between_the_ends() -> None:
    image = torch.tensor([[[0.0, 1.0]]])
    settings = {"contrast": {"factor": [0.5, 1.5], "pivot": 0.0}}
    factors = [float(applied(image, settings, seed=seed)[0, 0, 1]) for seed in range(300)]
    assert 0.5 <= min(factors) < 0.53 and 1.47 < max(factors) <= 1.5
    seldom = {"contrast": {"factor": 2, "pivot": 0.0, "probability": 0.25}}
    assert 45 < sum(float(applied(image, seldom, seed=seed)[0, 0, 1]) == 2 for seed in range(300)) < 110
