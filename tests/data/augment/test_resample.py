"""Resizing and turning against formulas written out, and against Pillow."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.ndimage import map_coordinates

from tests.data.augment import reference
from tests.data.augment.made import applied, noise, ramp

INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "area")
SIZES = [((12, 17), (12, 9)), ((13, 9), (5, 4)), ((7, 6), (16, 19)), ((10, 10), (25, 3)), ((9, 8), (1, 1))]
PILLOW = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize("before, after", SIZES)
def test_resizing_is_what_the_formula_says(before: tuple[int, int], after: tuple[int, int], interpolation: str) -> None:
    image = noise(3, *before)
    ours = applied(image, {"resize": {"size": after, "interpolation": interpolation}})
    theirs = reference.resized(image.numpy(), *after, interpolation)
    assert ours.dtype == torch.float32 and ours.shape == (3, *after)
    np.testing.assert_allclose(ours.numpy(), theirs, atol=2e-6)


@pytest.mark.parametrize("interpolation", PILLOW)
@pytest.mark.parametrize("before, after", [((57, 83), (31, 40)), ((57, 83), (90, 101)), ((64, 64), (256, 256))])
def test_resizing_floats_is_what_pillow_does(
    before: tuple[int, int], after: tuple[int, int], interpolation: str
) -> None:
    image = noise(1, *before)
    theirs = Image.fromarray(image[0].numpy()).resize(after[::-1], PILLOW[interpolation])
    ours = applied(image, {"resize": {"size": after, "interpolation": interpolation}})[0]
    np.testing.assert_allclose(ours.numpy(), np.asarray(theirs), atol=2e-6)


@pytest.mark.parametrize("interpolation", PILLOW)
@pytest.mark.parametrize("before, after", [((57, 83), (31, 40)), ((57, 83), (90, 101))])
def test_resizing_8_bits_is_what_pillow_does_but_for_its_rounding(
    before: tuple[int, int], after: tuple[int, int], interpolation: str
) -> None:
    levels = np.random.default_rng(0).integers(0, 256, before, np.uint8)
    theirs = np.asarray(Image.fromarray(levels).resize(after[::-1], PILLOW[interpolation])).astype(int)
    image = torch.from_numpy(levels)[None].float() / 255
    ours = applied(image, {"resize": {"size": after, "interpolation": interpolation}})[0]
    rounded = (ours * 255).add(0.5).floor().clamp(0, 255).int().numpy()
    # Pillow rounds and clips between its two passes: with overshoot that costs more than a level, rarely.
    apart = np.abs(rounded - theirs)
    assert np.mean(apart <= 1) > (0.9 if interpolation == "bicubic" else 0.999999)
    assert interpolation != "nearest" or not apart.any()


@settings(deadline=None)  # the machine may be busy
@given(
    st.sampled_from(INTERPOLATIONS), st.floats(-1e3, 1e3, width=32), *(st.integers(1, 40) for _ in range(4))
)  # fmt: skip
def test_a_constant_image_stays_constant_when_resized(
    interpolation: str, value: float, height: int, width: int, after: int, wide: int
) -> None:
    image = torch.full((2, height, width), value)
    resized = applied(image, {"resize": {"size": [after, wide], "interpolation": interpolation}})
    torch.testing.assert_close(resized, torch.full((2, after, wide), value), rtol=1e-6, atol=1e-30)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(9, 12), (8, 8), (5, 5)])
@pytest.mark.parametrize("degrees", [-33.3, 7.0, 90.0, 180.0])
def test_turning_is_what_the_formula_says(size: tuple[int, int], degrees: float, interpolation: str) -> None:
    image = noise(2, *size)
    if interpolation == "nearest" and degrees in (90, 180):
        degrees -= 1  # from the middle between two pixels, either is right
    ours = applied(image, {"rotate": {"degrees": [degrees, degrees], "interpolation": interpolation}})
    theirs = np.stack([reference.turned(plane, degrees, interpolation) for plane in image.numpy()])
    np.testing.assert_allclose(ours.numpy(), theirs, atol=2e-5)


def test_turning_is_what_scipy_does() -> None:
    image = noise(1, 21, 34)
    ours = applied(image, {"rotate": {"degrees": [25, 25]}})[0]
    angle = np.radians(25)
    y, x = np.mgrid[:21, :34] - np.array([10, 16.5])[:, None, None]
    places = [y * np.cos(angle) + x * np.sin(angle) + 10, x * np.cos(angle) - y * np.sin(angle) + 16.5]
    theirs = map_coordinates(image[0].numpy().astype(np.float64), places, order=1, mode="reflect")
    np.testing.assert_allclose(ours.numpy(), theirs, atol=2e-5)


def test_turning_a_square_by_90_degrees_is_a_quarter_turn_counter_clockwise() -> None:
    image = ramp(8, 8)
    assert torch.equal(applied(image, {"rotate": {"degrees": [90, 90]}}).round(), torch.rot90(image, 1, (1, 2)))
    assert torch.rot90(image, 1, (1, 2))[0, 0, 0] == 7  # what was in the right upper corner is in the left


def test_turning_a_large_image_is_as_exact_as_float32_allows() -> None:
    image = torch.arange(3000.0).repeat(1, 40, 1) / 3000
    ours = applied(image, {"rotate": {"degrees": [1, 1]}})[0, 20, 100:-100]
    columns = np.arange(100, 2900) - 1499.5
    inner = columns * np.cos(np.radians(1)) - 0.5 * np.sin(np.radians(1)) + 1499.5
    assert np.abs(ours.numpy() * 3000 - inner).max() < 2e-3


@settings(deadline=None)  # the machine may be busy
@given(st.floats(-180, 180), st.sampled_from(["nearest", "bilinear", "bicubic"]))
def test_a_constant_image_stays_constant_when_turned(degrees: float, interpolation: str) -> None:
    if degrees == 0:
        return
    image = torch.full((1, 11, 7), 0.7)
    turned = applied(image, {"rotate": {"degrees": [degrees, degrees], "interpolation": interpolation}})
    torch.testing.assert_close(turned, image, rtol=2e-6, atol=1e-30)


def test_the_short_side_the_width_and_the_multiple_are_brought_to_what_is_said() -> None:
    def size(tall: int, wide: int, **settings: int) -> tuple[int, ...]:
        return applied(noise(1, tall, wide), {"resize": settings}).shape[1:]

    assert size(30, 50, short=20) == (20, 33) and size(50, 30, short=20) == (33, 20)
    assert size(30, 51, width=20) == (11, 20)  # 11.76, rounded down
    assert size(30, 41, multiple=16) == (32, 48) and size(3, 40, multiple=16) == (16, 32)  # 2.5 is rounded to even
    assert size(30, 50, size=7) == (7, 7)
