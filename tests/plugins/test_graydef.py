"""The method as the paper gives it: the mean of the channels, times a factor, clipped."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from spectra import Scale, SpectraError, Task
from spectra.data.pictures import to_array, to_picture
from spectra_graydef import GrayDefinition, Settings

RGB2IR = Task.parse("rgb2ir")
DTYPE = Scale.parse("dtype")


def preset(name: str) -> Settings:
    return Settings.model_validate(GrayDefinition.presets[name]["settings"])


def all_colours(red: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Every 8-bit colour of that red, and its R + G + B."""
    green, blue = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8), indexing="ij")
    colours = np.stack([np.full_like(green, red), green, blue], axis=2)
    return to_picture(colours, DTYPE).pixels[None], torch.from_numpy(colours.astype(np.int64)).sum(2)


def rounded_half_up(factor: str) -> torch.Tensor:
    """The 8-bit grey of every sum 0..765, in exact fractions."""
    gray = (min(Fraction(factor) * total / 3, Fraction(255)) for total in range(766))
    return torch.tensor([math.floor(value + Fraction(1, 2)) for value in gray])


@pytest.mark.parametrize(("name", "factor"), [("rgb2ir", "1.3"), ("sar2ir", "1.15")])
def test_all_colours_round_as_exact_arithmetic_does(name: str, factor: str) -> None:
    gray, expected = GrayDefinition(RGB2IR, preset(name)), rounded_half_up(factor)
    for red in range(256):
        source, total = all_colours(red)
        written = torch.from_numpy(to_array(gray(source)[0], DTYPE, "uint8")[:, :, 0].astype(np.int64))
        assert torch.equal(written, expected[total])


def test_it_clips_at_white() -> None:
    gray = GrayDefinition(RGB2IR, Settings(factor=1.3))
    assert gray(torch.ones(1, 3, 2, 2)).max() == 1
    assert gray(torch.full((1, 3, 2, 2), -1.0)).min() == 0


def test_sixteen_bits_keep_their_levels() -> None:
    levels = np.arange(0, 50_000, dtype=np.uint16).reshape(250, 200, 1).repeat(3, axis=2)
    gray = GrayDefinition(RGB2IR, Settings(factor=1.25))(to_picture(levels, DTYPE).pixels[None])
    written = to_array(gray[0], DTYPE, "uint16")[:, :, 0]
    exact = [math.floor(Fraction(5, 4) * level + Fraction(1, 2)) for level in range(50_000)]
    assert np.array_equal(written.ravel(), exact)


@pytest.mark.parametrize("name", GrayDefinition.presets)
def test_the_source_is_left_as_it_was(name: str) -> None:
    for task in ("rgb2ir", "gray2ir", "ms52ir"):
        translator = GrayDefinition(Task.parse(task), preset(name))
        source = torch.rand(2, translator.task.source.channels, 5, 7)
        before = source.clone()
        assert translator(source).shape == (2, 1, 5, 7)
        assert torch.equal(source, before)


@pytest.mark.parametrize("channels", [1, 2, 3, 12])
def test_any_number_of_channels_is_averaged(channels: int) -> None:
    source = torch.rand(1, channels, 4, 4)
    gray = GrayDefinition(Task.parse(f"ms{channels}2nir"), Settings(factor=0.5))
    torch.testing.assert_close(gray(source), 0.5 * source.mean(1, keepdim=True))


@pytest.mark.parametrize("name", ["fit", "affine", "channels", "lookup"])
def test_before_it_is_fitted_it_is_the_plain_mean(name: str) -> None:
    source = torch.rand(1, 3, 8, 8)
    gray = GrayDefinition(RGB2IR, preset(name))
    torch.testing.assert_close(gray(source), source.mean(1, keepdim=True), atol=1e-5, rtol=0)


def test_it_is_ready_where_the_factor_is_given() -> None:
    assert [name for name in GrayDefinition.presets if GrayDefinition(RGB2IR, preset(name)).ready] == [
        "rgb2ir",
        "sar2ir",
    ]
    assert GrayDefinition(RGB2IR, Settings()).ready


def test_a_target_of_three_channels_is_refused() -> None:
    with pytest.raises(SpectraError, match=r"does not support the task nir2rgb\. Its home tasks: rgb2ir"):
        GrayDefinition(Task.parse("nir2rgb"), Settings())


def test_a_factor_beside_a_fitted_variant_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"set factor: fit in place of 1\.3"):
        Settings(variant="affine")


@pytest.mark.parametrize("factor", [0, -1.3, math.nan, math.inf, "best"])
def test_a_factor_that_is_none_is_refused(factor: object) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"factor": factor})
