"""PSNR, RMSE and MAE."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import metrics as skimage_metrics

from spectra.errors import SpectraError
from spectra.metrics import masked
from spectra.metrics.mae import Mae
from spectra.metrics.psnr import Psnr
from spectra.metrics.rmse import Rmse
from spectra.modalities import Scale
from tests.metrics.scored import BYTE, errors_by_loop, images, item, metric, value

REFERENCE: Any = skimage_metrics
PIXEL_METRICS = (Psnr, Rmse, Mae)


@pytest.mark.parametrize("channels", [1, 3, 5])
def test_each_equals_its_formula_in_a_float64_loop(channels: int) -> None:
    prediction, target = images(1, channels)
    errors = errors_by_loop(prediction, target)
    mse = math.fsum(error**2 for error in errors) / len(errors)
    mae = math.fsum(abs(error) for error in errors) / len(errors)
    scored = item(prediction, target)
    assert value(Psnr, scored) == pytest.approx(10 * math.log10(1 / mse), rel=1e-6)
    assert value(Rmse, scored) == pytest.approx(255 * math.sqrt(mse), rel=1e-6)
    assert value(Mae, scored) == pytest.approx(255 * mae, rel=1e-6)


@pytest.mark.parametrize("noise", [0.002, 0.05, 0.5])
def test_psnr_equals_that_of_scikit_image(noise: float) -> None:
    prediction, target = images(2, 3, noise=noise)
    pixels = [np.round(image.numpy().astype(np.float64) * 255).astype(np.uint8) for image in (target, prediction)]
    reference = REFERENCE.peak_signal_noise_ratio(*pixels, data_range=255)
    assert value(Psnr, item(prediction, target)) == pytest.approx(reference, rel=1e-6)


def test_many_pixels_lose_no_digits() -> None:
    target = torch.zeros(1, 2048, 2048)
    prediction = torch.full_like(target, 1e-3)
    assert value(Psnr, item(prediction, target)) == pytest.approx(60, rel=1e-7)
    assert value(Mae, item(prediction, target)) == pytest.approx(0.255, rel=1e-7)


@given(st.integers(0, 10_000), st.integers(1, 4))
@settings(max_examples=25, deadline=None)
def test_identity_gives_the_cap_and_no_error_and_the_errors_are_symmetric(seed: int, channels: int) -> None:
    prediction, target = images(seed, channels, 6, 7)
    assert [value(kind, item(target, target)) for kind in PIXEL_METRICS] == [100, 0, 0]
    for kind in PIXEL_METRICS:
        forth, back = value(kind, item(prediction, target)), value(kind, item(target, prediction))
        assert forth == back
        order = torch.randperm(channels, generator=torch.Generator().manual_seed(seed))
        assert value(kind, item(prediction[order], target[order])) == pytest.approx(forth, rel=1e-12)


def test_the_cap_of_psnr_can_be_set_and_stands_in_the_signature() -> None:
    prediction, target = images(3, noise=0.02)
    capped = metric(Psnr, cap=20)
    assert capped.update(item(prediction, target)) == 20
    assert "cap:20|" in capped.signature
    assert "cap:100|" in metric(Psnr).signature


@pytest.mark.parametrize(
    ("scale", "unit", "rmse"),
    [
        (Scale().for_type("uint8"), "DN", 25.5),
        (Scale().for_type("uint16"), "DN", 6553.5),
        (Scale().for_type("float32"), "1", 0.1),
        (Scale.parse("reflectance 0..10000"), "reflectance", 1000),
        (Scale.parse("K 250..330"), "K", 8),
        (Scale.parse("dB -25..0 nodata nan"), "dB", 2.5),
    ],
)
def test_errors_are_in_the_unit_of_the_target(scale: Scale, unit: str, rmse: float) -> None:
    target = torch.full((1, 4, 4), 0.5, dtype=torch.float64)
    for kind in (Rmse, Mae):
        judge = metric(kind)
        assert judge.update(item(target + 0.1, target, scale=scale)) == pytest.approx(rmse, rel=1e-9)
        assert judge.result().unit == unit == judge.unit
    assert value(Psnr, item(target + 0.1, target, scale=scale)) == pytest.approx(20, rel=1e-9)


@pytest.mark.parametrize("other", ["DN 0..65535", "K 0..255", "DN 1..256"])
def test_differing_scales_are_never_mixed_into_one_mean(other: str) -> None:
    prediction, target = images(4)
    for kind in (Rmse, Mae):
        judge = metric(kind)
        for scale in (BYTE, Scale.parse(other), BYTE):
            judge.update(item(prediction, target, scale=scale))
        score = judge.result()
        assert (score.value, score.low, score.high, score.unit) == (None, None, None, "")
        assert "DN 0..255" in score.reason
        assert other in score.reason
        assert "recipe" in score.reason


def test_a_mark_for_no_data_does_not_make_another_scale() -> None:
    prediction, target = images(4)
    judge = metric(Rmse)
    for scale in (BYTE, Scale.parse("DN 0..255 nodata 0")):
        judge.update(item(prediction, target, scale=scale))
    assert judge.result().n == 2


@pytest.mark.parametrize("under", [0.0, 7.0, math.nan, math.inf])
def test_what_lies_under_the_mask_does_not_matter(under: float) -> None:
    prediction, target = images(5, 3)
    valid = torch.rand(24, 31, generator=torch.Generator().manual_seed(0)) > 0.4
    errors = errors_by_loop(prediction, target, valid)
    mse = math.fsum(error**2 for error in errors) / len(errors)
    prediction[:, ~valid], target[:, ~valid] = under, -under
    scored = item(prediction, target, valid)
    assert value(Psnr, scored) == pytest.approx(-10 * math.log10(mse), rel=1e-6)
    assert value(Rmse, scored) == pytest.approx(255 * math.sqrt(mse), rel=1e-6)
    assert value(Mae, scored) == pytest.approx(255 * math.fsum(map(abs, errors)) / len(errors), rel=1e-6)


def test_sizes_that_torch_would_broadcast_are_refused() -> None:
    target = torch.zeros(3, 12, 12)
    for kind in PIXEL_METRICS:
        with pytest.raises(SpectraError, match="night 7: the prediction is 1×12×12 and the target 3×12×12"):
            metric(kind).update(item(torch.zeros(1, 12, 12), target, name="night 7"))
        with pytest.raises(SpectraError, match="mask of valid pixels is 1×12"):
            metric(kind).update(item(target, target, torch.ones(1, 12, dtype=torch.bool)))


def test_a_metric_that_can_skip_nothing_sees_the_targets_mean_where_there_is_no_data() -> None:
    prediction, target = images(3, channels=2)
    valid = torch.ones(target.shape[1:], dtype=torch.bool)
    valid[:5, 3:9] = False
    prediction[:, ~valid], target[:, ~valid] = math.nan, math.inf
    filled = item(prediction, target, valid).filled()

    assert filled.valid is None and filled.name == "a"
    for channel in range(2):
        mean = float(np.mean([float(v) for v in target[channel][valid]]))
        for image, known in ((filled.prediction, prediction), (filled.target, target)):
            assert image[channel][~valid].tolist() == pytest.approx([mean] * int((~valid).sum()), abs=1e-6)
            assert torch.equal(image[channel][valid], known[channel][valid])
    whole = item(*images(3))
    assert whole.filled() is whole
    nothing = item(prediction, target, torch.zeros_like(valid)).filled()
    assert torch.equal(nothing.prediction, torch.zeros_like(prediction))


def test_the_three_pass_over_the_pixels_of_a_prediction_once(monkeypatch: pytest.MonkeyPatch) -> None:
    scored = item(*images(6))
    alone = [value(kind, item(*images(6))) for kind in PIXEL_METRICS]
    assert metric(Psnr).update(scored) == alone[0]
    monkeypatch.setattr(masked, "_error_means", lambda _: pytest.fail("it computes anew what is known"))
    assert [value(kind, scored) for kind in PIXEL_METRICS] == alone


def test_what_is_known_of_one_prediction_is_not_told_of_another() -> None:
    first, other = item(*images(6)), images(7)[0]
    for kind in PIXEL_METRICS:
        metric(kind).update(first)
        copied = replace(first, prediction=other)
        assert value(kind, copied) == value(kind, item(other, first.target)) != value(kind, first)


def test_strips_do_not_change_the_number(monkeypatch: pytest.MonkeyPatch) -> None:
    prediction, target = images(8, 3)
    valid = torch.rand(24, 31, generator=torch.Generator().manual_seed(0)) > 0.4
    for mask in (None, valid):
        whole = [value(kind, item(prediction, target, mask)) for kind in PIXEL_METRICS]
        for values in (1, 3 * 31 * 5):
            with monkeypatch.context() as patch:
                patch.setattr(masked, "_STRIP", values)
                found = [value(kind, item(prediction, target, mask)) for kind in PIXEL_METRICS]
            assert found == pytest.approx(whole, rel=1e-12)
