"""One score of several seeds."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import stdev

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from spectra.bench.statistics.images import ImageScores
from spectra.bench.statistics.seeds import over_seeds
from spectra.metric import Score
from spectra.metrics.intervals import bootstrap_interval

FID = Score(10.0, None, None, 48, "", "lower", "fid|v1")
PSNR = Score(10.0, 9.0, 11.0, 4, "dB", "higher", "psnr|v1")
NAMES = ["w", "x", "y", "z"]


def of_images(*seeds: list[float | None], groups: list[str] = NAMES) -> tuple[list[Score], ImageScores]:
    scores = []
    for values in seeds:
        found = [value for value in values if value is not None]
        mean = math.fsum(found) / len(found) if found else None
        scores.append(replace(PSNR, value=mean, n=len(found), reason="" if found else "it crashed"))
    return scores, ImageScores(NAMES, groups, seeds)


def test_a_score_over_images_has_the_interval_of_their_means() -> None:
    score, spread = over_seeds(*of_images([1, 2, 3, 6], [3, 2, 5, 10]))
    assert (score.value, score.n, score.unit, score.better, score.signature) == (4, 4, "dB", "higher", "psnr|v1")
    assert (score.low, score.high) == bootstrap_interval([2, 2, 4, 8])
    assert spread == stdev([3, 5])


def test_seeds_are_no_images() -> None:
    """The same thing trained again and again to the same end tells no more of other images."""
    values = np.random.default_rng(0).normal(30, 4, 4).tolist()
    once, many = over_seeds(*of_images(values)), over_seeds(*of_images(*[values] * 8))
    assert (many.score.low, many.score.high) == bootstrap_interval(values)
    assert many.score.n == once.score.n == 4 and many.seed_sd == pytest.approx(0, abs=1e-12)


def test_its_interval_heeds_groups() -> None:
    seeds, groups = ([1.0, 2, 3, 6], [3.0, 2, 5, 10]), ["g", "g", "g", "h"]
    score = over_seeds(*of_images(*seeds, groups=groups)).score
    assert (score.low, score.high) == bootstrap_interval([2, 2, 4, 8], groups)
    assert score.reason == "the interval is poor: the 4 images belong to 2 groups only"


def test_an_image_that_a_seed_has_no_score_of_is_left_out_of_all_of_them() -> None:
    score, spread = over_seeds(*of_images([1, 2, 3, 90], [3, 2, 5, None]))
    assert (score.value, score.n) == (pytest.approx(8 / 3), 3)
    assert score.reason == "1 image left out: not every seed has a score of it; of 3 images: the interval is rough"
    assert spread == pytest.approx(stdev([2, 10 / 3]))


def test_a_seed_that_failed_is_said_and_the_others_stand() -> None:
    score, spread = over_seeds(*of_images([1, 2, 3, 6], [None] * 4, [3, 2, 5, 10]))
    assert (score.value, score.n, spread) == (4, 4, stdev([3, 5]))
    assert score.reason == "it crashed; 1 of 3 seeds has no score; of 4 images: the interval is rough"


def test_no_image_that_all_have_is_no_score() -> None:
    score, spread = over_seeds(*of_images([1, 2, None, None], [None, None, 5, 10]))
    assert (score.value, score.low, score.n, spread) == (None, None, 0, None)
    assert score.reason == "4 images left out: not every seed has a score of it"


def test_one_seed_keeps_its_score_as_it_is() -> None:
    scores, images = of_images([1, 2, 3, 6])
    assert over_seeds(scores, images) == (scores[0], None)


@pytest.mark.parametrize("number", [3, 5])
def test_a_score_of_the_whole_set_takes_its_interval_from_three_seeds_on(number: int) -> None:
    values = [10.0, 12.0, 9.0, 15.0, 11.0][:number]
    score, spread = over_seeds([replace(FID, value=value) for value in values])
    theirs = stats.t.interval(0.95, number - 1, np.mean(values), stats.sem(values))
    assert score.value == pytest.approx(np.mean(values))
    assert (score.low, score.high) == pytest.approx(theirs, rel=1e-9)
    assert spread == pytest.approx(np.std(values, ddof=1))
    assert (score.n, score.reason) == (48, "")


def test_the_confidence_is_heeded() -> None:
    scores = [replace(FID, value=value) for value in (10.0, 12.0, 9.0)]
    narrow = over_seeds(scores, confidence=0.5).score
    assert (narrow.low, narrow.high) == pytest.approx(stats.t.interval(0.5, 2, 31 / 3, stats.sem([10, 12, 9])))
    images = of_images([1, 2, 3, 6], [3, 2, 5, 10])
    assert over_seeds(*images, confidence=0.5).score.low == bootstrap_interval([2, 2, 4, 8], confidence=0.5)[0]


def test_of_fewer_it_has_none_and_says_why() -> None:
    two, spread = over_seeds([FID, replace(FID, value=12.0)])
    assert (two.value, two.low, two.high, spread) == (11, None, None, stdev([10, 12]))
    assert two.reason == "no interval: a score of a whole set takes it from 3 seeds or more, and there are 2"
    one, spread = over_seeds([replace(FID, reason="1 image left out: too small")])
    assert (one.value, one.low, spread) == (10, None, None)
    assert one.reason.startswith("1 image left out: too small; no interval: ") and one.reason.endswith("there is 1")


def test_a_reason_that_is_there_already_is_not_said_again() -> None:
    said = "no interval: all 16 images belong to one group, 'street'"
    assert over_seeds([replace(PSNR, low=None, high=None, reason=said)]).score.reason == said


def test_a_score_whose_images_do_not_make_it_is_one_of_the_whole_set() -> None:
    scores, images = of_images([1, 2, 3, 6], [3, 2, 5, 10], [1, 1, 1, 1])
    score = over_seeds([replace(one, value=(one.value or 0) ** 2) for one in scores], images).score
    assert score.value == pytest.approx((9 + 25 + 1) / 3)
    assert (score.low, score.high) == pytest.approx(stats.t.interval(0.95, 2, 35 / 3, stats.sem([9, 25, 1])))


def test_all_without_a_score_are_none_with_all_reasons() -> None:
    missing = replace(FID, value=None, n=0)
    reasons = [replace(missing, reason=reason) for reason in ("needs weights", "out of memory", "needs weights")]
    assert over_seeds(reasons) == (replace(missing, reason="needs weights; out of memory"), None)


def test_scores_of_unlike_signatures_have_no_mean() -> None:
    with pytest.raises(ValueError, match="unlike signatures"):
        over_seeds([FID, replace(FID, signature="fid|v2")])
    with pytest.raises(ValueError, match="of one"):
        over_seeds([])


@given(st.lists(st.floats(0, 100), min_size=3, max_size=6), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=30)
def test_the_order_of_seeds_does_not_matter(values: list[float], random: object) -> None:
    mixed = list(values)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    one, other = (over_seeds([replace(FID, value=value) for value in each]) for each in (values, mixed))
    assert one.score.low == pytest.approx(other.score.low) and one.seed_sd == pytest.approx(other.seed_sd)


def test_whole_set_intervals_hold_the_true_mean() -> None:
    """Over 1000 times 3 seeds: a standard error of 0.7 %."""
    random, held = np.random.default_rng(3), 0
    for _ in range(1000):
        score = over_seeds([replace(FID, value=float(value)) for value in random.normal(50, 3, 3)]).score
        held += score.low is not None and score.high is not None and score.low <= 50 <= score.high
    assert 0.93 <= held / 1000 <= 0.97
