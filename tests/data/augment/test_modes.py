"""The ways of published methods, against what their papers and programs do, written here with Pillow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from tests.data.augment.made import applied, noise, pair, plan


def pillow(image: Tensor, size: tuple[int, int], how: Image.Resampling) -> Tensor:
    """Band by band in floats; size is height and width."""
    planes = [np.asarray(Image.fromarray(plane.numpy()).resize(size[::-1], how)) for plane in image]
    return torch.from_numpy(np.stack(planes))


def is_part(part: Tensor, whole: Tensor) -> bool:
    side = part.shape[1]
    windows = whole.unfold(1, side, 1).unfold(2, side, 1)
    return bool((windows - part[:, None, None]).abs().amax((0, 3, 4)).min() < 3e-6)


BICUBIC, BILINEAR = Image.Resampling.BICUBIC, Image.Resampling.BILINEAR
IMAGE = noise(2, 45, 61)


def pix2pixhd(**settings: Any) -> Tensor:
    return applied(IMAGE, {"pix2pixhd": {"flip": 0, **settings}})


def test_pix2pixhd_brings_images_to_a_width_unless_told_otherwise() -> None:
    expected = pillow(IMAGE, (int(100 * 45 / 61), 100), BICUBIC)
    torch.testing.assert_close(pix2pixhd(load=100), expected, atol=3e-6, rtol=0)
    assert applied(IMAGE, "pix2pixhd").shape == (2, 1024 * 45 // 61, 1024)


def test_pix2pixhd_resizes_to_a_square_and_crops() -> None:
    crop = pix2pixhd(mode="resize_and_crop", load=40, crop=32)
    assert crop.shape == (2, 32, 32) and is_part(crop, pillow(IMAGE, (40, 40), BICUBIC))
    assert applied(IMAGE, {"pix2pixhd": {"mode": "crop", "crop": 32, "flip": 0}}).shape == (2, 32, 32)
    assert is_part(pix2pixhd(mode="crop", crop=32), IMAGE)
    scaled = pillow(IMAGE, (int(50 * 45 / 61), 50), BICUBIC)
    assert is_part(pix2pixhd(mode="scale_width_and_crop", load=50, crop=32), scaled)


@pytest.mark.parametrize("multiple, expected", [(16, (48, 64)), (32, (32, 64)), (30, (60, 60)), (90, (0, 90))])
def test_pix2pixhd_without_a_mode_brings_sides_to_a_multiple(multiple: int, expected: tuple[int, int]) -> None:
    height, width = (max(multiple, round(side / multiple) * multiple) for side in (45, 61))
    assert (height, width) == tuple(max(multiple, side) for side in expected)  # 45 / 30 and 45 / 90 are rounded to even
    result = pix2pixhd(mode="none", multiple=multiple)
    torch.testing.assert_close(result, pillow(IMAGE, (height, width), BICUBIC), atol=3e-6, rtol=0)


def test_pix2pixhd_flips_every_second_image() -> None:
    plain = pix2pixhd(mode="none")
    flipped = sum(
        torch.equal(applied(IMAGE, {"pix2pixhd": {"mode": "none"}}, seed=s), plain.flip(2)) for s in range(60)
    )
    assert 18 <= flipped <= 42


def test_pix2next_brings_every_image_to_256_and_flips_none() -> None:
    image = noise(1, 300, 411)
    expected = pillow(image, (256, 256), BILINEAR)
    for seed in range(4):
        torch.testing.assert_close(applied(image, "pix2next", seed=seed), expected, atol=3e-6, rtol=0)


def test_mpfnet_does_contrast_and_crop_to_four_in_five_and_flips_half_of_all() -> None:
    image = torch.arange(256.0).expand(1, 256, 256) / 255
    kinds, factors, sides = [], [], []
    for seed in range(200):
        result = plan((256, 256), "mpfnet", seed=seed).pair(pair(image, image))
        source, target = result.source.pixels[0, 128], result.target.pixels[0, 128]
        flipped = bool(target[-20] < target[20])
        cropped = not torch.equal(source.sort().values, image[0, 0])
        kinds.append((cropped, flipped))
        slope = float((target[-20] - target[20]).abs() * 255 / 216)
        if cropped:
            sides.append(256 * slope)
            factors.append(float((source[200] - source[60]) / (target[200] - target[60])))
            middle = image.mean()
            torch.testing.assert_close(source - middle, factors[-1] * (target - middle), atol=2e-5, rtol=0)
        else:
            assert torch.equal(source, target)
    assert 0.72 < np.mean([cropped for cropped, _ in kinds]) < 0.88
    for kind in (True, False):
        assert 0.3 < np.mean([flipped for cropped, flipped in kinds if cropped == kind]) < 0.7
    assert 0.5 <= min(factors) < 0.55 and 1.45 < max(factors) <= 1.5001
    assert 179.9 < min(sides) < 184 and 252 < max(sides) < 256.1


def test_mpfnet_brings_its_crop_back_as_pillow_does() -> None:
    image = noise(1, 60, 60)
    entry = {"mpfnet": {"probability": 1, "factor": 1, "size": 40, "resize": 64, "flip": 0}}
    made = plan((60, 60), entry)
    crop = next(action.window for action in made.actions if hasattr(action, "window"))
    expected = pillow(image[:, crop.top : crop.top + 40, crop.left : crop.left + 40], (64, 64), BICUBIC)
    torch.testing.assert_close(applied(image, entry), expected, atol=5e-6, rtol=0)
