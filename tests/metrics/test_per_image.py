"""What all metrics that are a mean over images share."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spectra.metric import Metric
from spectra.metrics.intervals import bootstrap_interval
from tests.metrics.scored import KINDS, images, item, metric


@pytest.mark.parametrize("kind", KINDS)
def test_the_score_is_the_mean_of_the_images_with_its_interval(kind: type[Metric]) -> None:
    judge = metric(kind)
    values = [judge.update(item(*images(seed, noise=0.01 * (seed + 1)))) for seed in range(6)]
    found = [value for value in values if value is not None]
    score = judge.result()
    assert score.value == pytest.approx(sum(found) / 6, rel=1e-12)
    assert (score.low, score.high) == bootstrap_interval(found)
    assert score.low is not None
    assert score.high is not None
    assert score.value is not None
    assert min(found) <= score.low < score.value < score.high <= max(found)
    assert (score.n, score.reason) == (6, "")


@given(st.permutations(range(5)))
@settings(max_examples=10, deadline=None)
def test_the_order_of_images_does_not_matter(order: list[int]) -> None:
    for kind in KINDS:
        forward, mixed = metric(kind), metric(kind)
        for seed in range(5):
            forward.update(item(*images(seed, height=12, width=12, noise=0.1 * (seed + 1))))
            mixed.update(item(*images(order[seed], height=12, width=12, noise=0.1 * (order[seed] + 1))))
        assert forward.result() == mixed.result()


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_fed_is_no_score(kind: type[Metric]) -> None:
    score = metric(kind).result()
    assert (score.value, score.n, score.reason) == (None, 0, "no image was scored")


@pytest.mark.parametrize("kind", KINDS)
def test_one_image_has_a_score_and_no_interval(kind: type[Metric]) -> None:
    judge = metric(kind)
    alone = judge.update(item(*images(0)))
    score = judge.result()
    assert (score.value, score.low, score.high, score.n) == (alone, None, None, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_images_without_a_valid_pixel_are_left_out_and_counted(kind: type[Metric]) -> None:
    judge = metric(kind)
    nothing = torch.zeros(24, 31, dtype=torch.bool)
    assert judge.update(item(*images(0), nothing)) is None
    alone = judge.update(item(*images(1)))
    score = judge.result()
    assert (score.value, score.n) == (alone, 1)
    assert score.reason.startswith("1 image left out: no ")


@pytest.mark.parametrize("kind", KINDS)
def test_a_score_that_is_not_finite_never_reaches_the_mean(kind: type[Metric]) -> None:
    judge = metric(kind)
    prediction, target = images(0)
    prediction[0, 12, 12] = math.nan
    assert judge.update(item(prediction, target)) is None
    assert judge.result().reason == "1 image left out: the score is not finite"


@pytest.mark.parametrize("kind", KINDS)
def test_the_signature_names_the_metric_its_masking_and_its_version(kind: type[Metric]) -> None:
    name, *choices, version = metric(kind).signature.split("|")
    assert name == kind.__name__.lower()
    assert version == "v1"
    assert all(choice.count(":") == 1 for choice in choices)
    assert any(choice.startswith("masked:") for choice in choices)
    assert kind.better == ("higher" if name in ("psnr", "ssim") else "lower")
