"""SSIM."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from pydantic import ValidationError
from skimage import metrics as skimage_metrics
from torch import Tensor

from spectra.errors import SpectraError
from spectra.metric import Memory
from spectra.metrics import masked as masked_items
from spectra.metrics import ssim, windows
from spectra.metrics.ssim import Ssim
from tests.metrics.scored import images, item, metric, ssim_by_loop, value

REFERENCE: Any = skimage_metrics


def hard_pairs() -> list[tuple[str, Tensor, Tensor]]:
    """Bright and even regions with little noise: where float32 would lose its digits."""
    random = torch.Generator().manual_seed(0)
    noise = torch.randn(2, 1, 40, 44, generator=random)
    halves = torch.full((1, 40, 44), 0.1)
    halves[..., 22:] = 0.9
    bright = torch.full((1, 40, 44), 0.95)
    return [
        ("bright, noise", bright + 0.003 * noise[0], bright + 0.003 * noise[1]),
        ("bright, opposite", bright + 0.05 * noise[0], bright - 0.05 * noise[0]),
        ("bright and even", bright, bright - 0.1),
        ("even against noise", bright, bright + 0.03 * noise[1]),
        ("halves", halves + 0.02 * noise[0], halves + 0.02 * noise[1]),
        ("outside the scale", 3 * noise[0], 3 * noise[0] + noise[1]),
    ]


@pytest.mark.parametrize(
    ("name", "prediction", "target"), hard_pairs(), ids=lambda what: what if isinstance(what, str) else ""
)
def test_it_stays_with_the_float64_loop_where_variances_lose_digits(
    name: str, prediction: Tensor, target: Tensor
) -> None:
    assert value(Ssim, item(prediction, target)) == pytest.approx(ssim_by_loop(prediction, target), rel=1e-9), name


@pytest.mark.parametrize(("channels", "height", "width"), [(1, 64, 80), (3, 11, 12), (5, 33, 11)])
def test_it_equals_that_of_scikit_image(channels: int, height: int, width: int) -> None:
    prediction, target = images(1, channels, height, width)
    pixels = [image.numpy().astype(np.float64) for image in (prediction, target)]
    choices = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "channel_axis": 0}
    reference = REFERENCE.structural_similarity(*pixels, data_range=1, **choices)
    assert value(Ssim, item(prediction, target)) == pytest.approx(reference, rel=1e-6)


def test_strips_do_not_change_the_number(monkeypatch: pytest.MonkeyPatch) -> None:
    prediction, target = images(2, 2, 50, 40)
    whole = ssim_by_loop(prediction, target)
    monkeypatch.setattr(windows, "_TALL", 1)
    for pixels in (1, 40 * 13, 1 << 30):
        monkeypatch.setattr(windows, "_STRIP", pixels)
        assert value(Ssim, item(prediction, target)) == pytest.approx(whole, rel=1e-9)


@given(st.integers(0, 10_000), st.integers(1, 4), st.floats(0, 0.5))
@limits(max_examples=25, deadline=None)
def test_identity_symmetry_range_and_order_of_channels(seed: int, channels: int, noise: float) -> None:
    prediction, target = images(seed, channels, 13, 14, noise)
    forth = value(Ssim, item(prediction, target))
    assert value(Ssim, item(target, target)) == 1
    assert value(Ssim, item(target, prediction)) == forth
    assert -1 <= forth <= 1
    order = torch.randperm(channels, generator=torch.Generator().manual_seed(seed))
    assert value(Ssim, item(prediction[order], target[order])) == pytest.approx(forth, rel=1e-9)


def test_a_shift_by_one_pixel_is_seen() -> None:
    prediction, target = images(3, height=40, width=40, noise=0.01)
    assert value(Ssim, item(prediction.roll(1, -1), target)) < value(Ssim, item(prediction, target)) - 1e-3


@pytest.mark.parametrize("under", [0.0, 7.0, math.nan, math.inf])
def test_windows_that_touch_an_invalid_pixel_are_skipped(under: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "_TALL", 1)
    monkeypatch.setattr(windows, "_STRIP", 40 * 12)
    prediction, target = images(4, 3, 36, 40)
    valid = torch.ones(36, 40, dtype=torch.bool)
    valid[0:3, 0:9] = valid[20, 30] = valid[33:, 12] = False
    expected = ssim_by_loop(prediction, target, valid)
    prediction[:, ~valid], target[:, ~valid] = under, -under
    assert value(Ssim, item(prediction, target, valid)) == pytest.approx(expected, rel=1e-6)


def test_a_mask_without_gaps_changes_nothing() -> None:
    prediction, target = images(5)
    full = torch.ones(24, 31, dtype=torch.bool)
    expected = value(Ssim, item(prediction, target))
    assert value(Ssim, item(prediction, target, full)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("height", "width"), [(10, 64), (64, 10), (1, 1)])
def test_images_smaller_than_the_window_are_left_out_and_counted(height: int, width: int) -> None:
    judge = metric(Ssim)
    assert judge.update(item(*images(6, 1, height, width))) is None
    assert judge.result().value is None
    assert judge.result().reason == "1 image left out: smaller than the window of 11×11 pixels"
    alone = judge.update(item(*images(7)))
    assert judge.update(item(*images(6, 1, height, width))) is None
    score = judge.result()
    assert (score.value, score.n) == (alone, 1)
    assert score.reason == "2 images left out: smaller than the window of 11×11 pixels"


def test_an_image_without_a_valid_window_is_left_out() -> None:
    judge = metric(Ssim)
    valid = torch.ones(24, 31, dtype=torch.bool)
    valid[::8, ::8] = False
    assert judge.update(item(*images(8), valid)) is None
    assert judge.result().reason == "1 image left out: no window of 11×11 valid pixels"


def test_window_and_sigma_can_be_set_and_stand_in_the_signature() -> None:
    prediction, target = images(9)
    judge = metric(Ssim, window=7, sigma=1.0)
    assert judge.update(item(prediction, target)) != value(Ssim, item(prediction, target))
    assert "window:gaussian7|sigma:1|" in judge.signature
    assert "window:gaussian11|sigma:1.5|" in metric(Ssim).signature
    with pytest.raises(ValidationError, match="odd, not 8"):
        metric(Ssim, window=8)


def test_sizes_that_torch_would_broadcast_are_refused() -> None:
    with pytest.raises(SpectraError, match="prediction is 1×12×12 and the target 3×12×12"):
        metric(Ssim).update(item(torch.zeros(1, 12, 12), torch.zeros(3, 12, 12)))


@pytest.mark.parametrize("masked", [False, True])
def test_the_second_method_is_scored_with_what_is_remembered_of_the_target(
    masked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    valid = torch.ones(24, 31, dtype=torch.bool)
    valid[3, 3] = False
    first = item(*images(9), valid if masked else None)
    other = replace(first, prediction=images(10)[0])
    alone = value(Ssim, replace(other, memory=Memory()))
    metric(Ssim).update(first)
    for name in ("averaged", "whole_windows"):
        monkeypatch.setattr(ssim, name, lambda *_: pytest.fail("it computes anew what is remembered"))
    assert value(Ssim, other) == alone


def test_of_a_huge_target_nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    first = item(*images(9))
    expected = value(Ssim, replace(first, memory=Memory()))
    monkeypatch.setattr(masked_items, "_KEPT", 24 * 31 - 1)
    monkeypatch.setattr(Memory, "once", lambda *_: pytest.fail("it remembers what is huge"))
    assert value(Ssim, first) == expected


def test_what_is_remembered_depends_on_window_and_sigma() -> None:
    scored = item(*images(9))
    for settings in ({"window": 7}, {"sigma": 1.0}, {"window": 7, "sigma": 1.0}, {}):
        alone = metric(Ssim, **settings).update(replace(scored, memory=Memory()))
        assert metric(Ssim, **settings).update(scored) == alone
