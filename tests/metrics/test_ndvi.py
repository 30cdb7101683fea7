"""The error of the vegetation index."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from spectra.errors import SpectraError
from spectra.metric import Scored
from spectra.metrics.ndvi import Ndvi
from spectra.modalities import Scale, Task
from tests.metrics.scored import BYTE, images, metric


def scored(task: str | None, valid: Tensor | None = None, scale: Scale = BYTE, **changed: Tensor) -> Scored:
    """Random bands; the source has those of the task too."""
    known = Task.parse(task) if task else None
    bands = (known.source.channels, known.target.channels) if known else (3, 1)
    prediction, target = images(1, bands[1], noise=0.2)
    of = {"prediction": prediction, "target": target, "source": images(2, bands[0])[1], **changed}
    return Scored(of["prediction"], of["target"], of["source"], "field 7", "", scale, valid, known)


def score(item: Scored, **settings: Any) -> float:
    found = metric(Ndvi, **settings).update(item)
    assert found is not None
    return found


def by_loop(red: Tensor, nir: Tensor, true_red: Tensor, true_nir: Tensor, power: int = 1) -> float:
    gaps = []
    for pixel in zip(*(band.flatten().tolist() for band in (red, nir, true_red, true_nir)), strict=True):
        r, n, s, m = (max(value, 0.0) for value in pixel)
        if s + m > 0:
            found = (n - r) / (n + r) if n + r > 0 else 0.0
            gaps.append(abs(found - (m - s) / (m + s)) ** power)
    return math.fsum(gaps) / len(gaps)


@pytest.mark.parametrize("task", ["rgb2nir", "rgb2ir"])
def test_near_infrared_is_predicted_from_red(task: str) -> None:
    item = scored(task)
    red = item.source[0]
    assert score(item) == pytest.approx(by_loop(red, item.prediction[0], red, item.target[0]), rel=1e-6)


@pytest.mark.parametrize("task", ["nir2rgb", "ir2rgb"])
def test_red_is_predicted_from_near_infrared(task: str) -> None:
    item = scored(task)
    nir = item.source[0]
    assert score(item) == pytest.approx(by_loop(item.prediction[0], nir, item.target[0], nir), rel=1e-6)


def test_both_may_be_predicted_where_bands_are_named() -> None:
    item = scored("sar2ms5")
    found = score(item, red="target:2", nir="target:4")
    expected = by_loop(item.prediction[2], item.prediction[4], item.target[2], item.target[4])
    assert found == pytest.approx(expected, rel=1e-6)
    assert score(item, red="target:1", nir="target:4") != found


def test_a_named_band_goes_before_the_one_of_the_task() -> None:
    item = scored("rgb2nir")
    green = item.source[1]
    expected = by_loop(green, item.prediction[0], green, item.target[0])
    assert score(item, red="source:1") == pytest.approx(expected, rel=1e-6)
    assert "|red:source-1|nir:by-name|" in metric(Ndvi, red="source:1").signature


def test_the_root_of_the_mean_square_can_be_asked_for() -> None:
    item = scored("rgb2nir")
    red = item.source[0]
    expected = math.sqrt(by_loop(red, item.prediction[0], red, item.target[0], 2))
    assert score(item, kind="rmse") == pytest.approx(expected, rel=1e-6)
    assert "|kind:rmse|" in metric(Ndvi, kind="rmse").signature


def test_bands_named_by_the_user_need_no_task() -> None:
    assert score(scored(None), red="source:0", nir="target:0") > 0


@pytest.mark.parametrize("task", ["rgb2lwir", "sar2eo", "rgb2rgb", "ms4" + "2nir", None])
def test_without_red_and_near_infrared_there_is_no_score(task: str | None) -> None:
    judge = metric(Ndvi)
    assert judge.update(scored(task)) is None
    assert judge.result().reason.startswith("1 image left out: NDVI needs a red and a near-infrared band: set `red`")


def test_where_the_prediction_plays_no_part_there_is_no_score() -> None:
    judge = metric(Ndvi, red="source:0", nir="source:1")
    assert judge.update(scored("rgb2lwir")) is None
    assert "both of the source" in judge.result().reason


def test_black_pixels_are_skipped_where_they_are_true_and_count_as_0_where_they_are_predicted() -> None:
    black = torch.zeros(1, 1, 3)
    source = torch.tensor([[[0.0, 0.0, 0.2]]]).repeat(3, 1, 1)
    target = torch.tensor([[[0.0, 0.5, 0.6]]])  # no NDVI, 1, 0.5
    assert score(scored("rgb2nir", prediction=black, target=target, source=source)) == pytest.approx((1 + 1.5) / 2)
    judge = metric(Ndvi)
    assert judge.update(scored("rgb2nir", prediction=black + 1, target=black, source=black.repeat(3, 1, 1))) is None
    assert "no valid pixel whose bands are not both 0" in judge.result().reason


def test_values_below_0_count_as_0() -> None:
    item = scored("rgb2nir")
    lower = item.target - 0.5
    below = scored("rgb2nir", target=lower)
    red = item.source[0]
    assert score(below) == pytest.approx(by_loop(red, item.prediction[0], red, lower[0]), rel=1e-6)


def test_only_valid_pixels_count() -> None:
    valid = torch.zeros(24, 31, dtype=torch.bool)
    valid[3:9, 4:20] = True
    item = scored("rgb2nir", valid)
    red = item.source[0][valid]
    expected = by_loop(red, item.prediction[0][valid], red, item.target[0][valid])
    assert score(item) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("scale", ["K 250..330", "dB -25..0", "DN 1..255"])
def test_a_scale_that_does_not_begin_at_0_has_no_ratios(scale: str) -> None:
    judge = metric(Ndvi)
    assert judge.update(scored("rgb2nir", scale=Scale.parse(scale))) is None
    assert f"the scale `{scale}` does not begin at 0" in judge.result().reason


def test_the_scale_of_the_source_is_looked_at_too() -> None:
    item = scored("rgb2nir")
    assert item.task is not None
    task = Task(item.task.source.with_scale(Scale.parse("percentiles 1..99")), item.task.target)
    judge = metric(Ndvi)
    assert judge.update(Scored(item.prediction, item.target, item.source, "a", "", BYTE, None, task)) is None
    assert "percentiles 1..99` does not begin at 0" in judge.result().reason


def test_images_of_unlike_size_are_left_out() -> None:
    judge = metric(Ndvi)
    assert judge.update(scored("rgb2nir", source=torch.rand(3, 12, 15))) is None
    assert "differ in size" in judge.result().reason


def test_a_band_that_is_not_there_is_an_error_that_says_so() -> None:
    with pytest.raises(SpectraError, match=r"source:3, .* of field 7 has 3 bands"):
        metric(Ndvi, red="source:3").update(scored("rgb2nir"))
    with pytest.raises(ValueError, match="pattern"):
        metric(Ndvi, red="red")
