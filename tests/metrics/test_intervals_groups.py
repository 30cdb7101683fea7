"""The interval of a mean over images that belong together."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from spectra.metrics.intervals import bootstrap_interval, doubt
from spectra.metrics.mae import Mae
from tests.metrics.scored import images, item, metric

Values = NDArray[np.float64]

SIZES = {
    "equal": lambda random, number: np.full(number, 8),
    "unequal": lambda random, number: random.integers(1, 16, number),
    "one large": lambda random, number: np.array([5 * number, *[5] * (number - 1)]),
}


def drawn(random: np.random.Generator, number: int, sizes: str, tail: str = "normal") -> tuple[Values, list[int]]:
    """Scores whose true mean is 0, half of whose variance is common to a group."""
    groups = np.repeat(np.arange(number), SIZES[sizes](random, number))
    centres = random.normal(0, 1, number) if tail == "normal" else random.exponential(1, number) - 1
    return (centres[groups] + random.normal(0, 1, groups.size)) / math.sqrt(2), groups.tolist()


def covered(times: int, number: int, sizes: str, tail: str, *, heed: bool = True, resamples: int = 600) -> float:
    random, held = np.random.default_rng(11), 0
    for _ in range(times):
        values, groups = drawn(random, number, sizes, tail)
        low, high = bootstrap_interval(values.tolist(), groups if heed else None, resamples=resamples)
        assert low is not None and high is not None
        held += low <= 0 <= high
    return held / times


@pytest.mark.parametrize(("sizes", "least"), [("equal", 0.92), ("unequal", 0.91), ("one large", 0.93)])
def test_it_covers_the_true_mean_of_images_that_are_alike(sizes: str, least: float) -> None:
    """Over 600 samples: a standard error of 0.9 %. Taken as so many single images, it holds about 60 %."""
    assert least <= covered(600, 20, sizes, "normal") <= 0.997
    assert covered(200, 20, sizes, "normal", heed=False) < 0.75


@pytest.mark.slow
@pytest.mark.parametrize("tail", ["normal", "skewed"])
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize(("number", "least"), [(5, 0.87), (10, 0.91), (20, 0.92), (50, 0.925)])
def test_it_covers_it_in_many_samples(sizes: str, tail: str, number: int, least: float) -> None:
    share = covered(4000, number, sizes, tail, resamples=2000)
    print(f"{number:3} groups, {sizes}, {tail}: {share:.1%}")
    assert least <= share <= 0.997


@given(st.lists(st.floats(-50, 50), min_size=2, max_size=30))
@settings(max_examples=40, deadline=None)
def test_groups_of_one_image_are_no_groups(values: list[float]) -> None:
    plain = bootstrap_interval(values, resamples=200)
    assert bootstrap_interval(values, [f"image {place}" for place in range(len(values))], resamples=200) == plain


@given(st.randoms(use_true_random=False), st.integers(2, 8))
@settings(max_examples=40, deadline=None)
def test_neither_the_order_of_images_nor_the_names_of_groups_matter(random: object, number: int) -> None:
    values, groups = drawn(np.random.default_rng(number), number, "unequal")
    order = list(range(len(groups)))
    random.shuffle(order)  # type: ignore[attr-defined]
    mixed = bootstrap_interval([float(values[place]) for place in order], [f"g{-groups[place]}" for place in order])
    assert mixed == bootstrap_interval(values.tolist(), groups)


def test_every_image_twice_tells_nothing_new() -> None:
    values, groups = drawn(np.random.default_rng(3), 12, "unequal")
    once = bootstrap_interval(values.tolist(), groups)
    assert bootstrap_interval([*values.tolist(), *values.tolist()], groups * 2) == pytest.approx(once, rel=1e-12)
    assert width(bootstrap_interval([*values.tolist(), *values.tolist()])) < 0.8 * width(
        bootstrap_interval(values.tolist())
    )


@pytest.mark.parametrize("sizes", SIZES)
def test_it_is_that_of_all_resamples_there_are(sizes: str) -> None:
    """Each of the 3125 ways to draw 5 of 5 groups, one after the other; every group left out in turn."""
    values, names = drawn(np.random.default_rng(4), 5, sizes)
    groups = [[float(value) for value, name in zip(values, names, strict=True) if name == each] for each in range(5)]
    means = sorted(mean_of([groups[place] for place in places]) for places in product(range(5), repeat=5))
    low, high = (quantile(means, level) for level in expected_levels(groups, means))
    found = bootstrap_interval(values.tolist(), names, resamples=200_000)
    # Few groups leave steps between the means, so that a quantile moves by one where a level is near its edge.
    assert found == pytest.approx((low, high), abs=0.02 * (high - low))


@pytest.mark.parametrize("sizes", SIZES)
def test_of_unequal_groups_it_is_that_of_a_loop(sizes: str) -> None:
    """Resamples of a random generator of their own, group by group."""
    values, names = drawn(np.random.default_rng(8), 14, sizes)
    groups = [[float(value) for value, name in zip(values, names, strict=True) if name == each] for each in range(14)]
    random = np.random.default_rng(9)
    means = sorted(mean_of([groups[place] for place in random.integers(14, size=14)]) for _ in range(20_000))
    low, high = (quantile(means, level) for level in expected_levels(groups, means, 0.8))
    found = bootstrap_interval(values.tolist(), names, confidence=0.8, resamples=50_000)
    assert found == pytest.approx((low, high), abs=0.03 * (high - low))


def mean_of(groups: list[list[float]]) -> float:
    return math.fsum(value for group in groups for value in group) / sum(map(len, groups))


def expected_levels(groups: list[list[float]], means: list[float], confidence: float = 0.95) -> list[float]:
    normal, number, mean = NormalDist(), len(groups), mean_of(groups)
    sizes = [len(group) for group in groups]
    total, pulls = sum(sizes), [math.fsum(value - mean for value in group) for group in groups]
    without = [mean_of(groups[:place] + groups[place + 1 :]) for place in range(number)]
    left_out = (number - 1) / number * math.fsum((one - mean) ** 2 for one in without)
    resampled = math.fsum(pull**2 for pull in pulls) / total**2
    freedom = max(1.0, total**2 / sum(size**2 for size in sizes) - 1)
    z = normal.inv_cdf((1 + confidence) / 2)
    student = z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
    reach = student * math.sqrt(left_out / resampled)
    below = (sum(one < mean - 1e-12 for one in means) + sum(abs(one - mean) <= 1e-12 for one in means) / 2) / len(means)
    bias = normal.inv_cdf(below)
    bend = math.fsum(pull**3 for pull in pulls) / (6 * math.fsum(pull**2 for pull in pulls) ** 1.5)
    shifted = [(z, 1 - bend * z) for z in (bias - reach, bias + reach)]
    return [normal.cdf(bias + z / slope) if slope > 0 else float(z > 0) for z, slope in shifted]


def quantile(ranked: list[float], level: float) -> float:
    place = level * (len(ranked) - 1)
    below = min(int(place), len(ranked) - 2)
    return ranked[below] + (place - below) * (ranked[below + 1] - ranked[below])


@pytest.mark.parametrize("sizes", ["equal", "unequal"])
def test_of_many_groups_it_is_that_of_scipy(sizes: str) -> None:
    values, names = drawn(np.random.default_rng(5), 400, sizes, "skewed")
    sums, counts = np.bincount(names, values), np.bincount(names)
    theirs = stats.bootstrap(
        (sums, counts),
        lambda one, other, axis: one.sum(axis=axis) / other.sum(axis=axis),
        paired=True,
        n_resamples=20_000,
        rng=np.random.default_rng(0),
    ).confidence_interval
    ours = bootstrap_interval(values.tolist(), names, resamples=20_000)
    assert ours == pytest.approx((theirs.low, theirs.high), abs=0.03 * (theirs.high - theirs.low))


def width(interval: tuple[float | None, float | None]) -> float:
    low, high = interval
    assert low is not None and high is not None
    return high - low


def test_one_group_has_none() -> None:
    assert bootstrap_interval([1.0, 2.0, 3.0], ["a"] * 3) == (None, None)


def test_groups_of_the_same_mean_leave_no_doubt() -> None:
    assert bootstrap_interval([1.0, 3.0] * 4, [0, 0, 1, 1, 2, 2, 3, 3]) == (2.0, 2.0)


def test_as_many_groups_as_values_are_asked_for() -> None:
    with pytest.raises(ValueError, match="3 values need as many groups, not 2"):
        bootstrap_interval([1.0, 2.0, 3.0], ["a", "b"])


def test_what_is_said_of_few_groups() -> None:
    assert doubt(["street"] * 16) == "no interval: all 16 images belong to one group, 'street'"
    assert doubt(["a", "a", "b", "c"]) == "the interval is poor: the 4 images belong to 3 groups only"
    assert doubt([*"aabbccddee"]) == doubt([*"abcde"]) == doubt(["a"]) == doubt([]) == ""


@pytest.mark.parametrize("number", [2, 3, 4])
def test_of_few_images_that_stand_alone_the_same_is_said(number: int) -> None:
    assert doubt([*"abcd"][:number]) == f"of {number} images: the interval is rough"


def test_a_metric_heeds_the_groups_of_its_images() -> None:
    values, groups = [], [*"aaabbcc"]
    judge = metric(Mae)
    for seed, group in enumerate(groups):
        values.append(judge.update(replace(item(*images(seed, noise=0.01 * (seed + 1))), group=group)))
    found = [value for value in values if value is not None]
    score = judge.result()
    assert (score.low, score.high) == bootstrap_interval(found, groups) != bootstrap_interval(found)
    assert score.reason == "the interval is poor: the 7 images belong to 3 groups only"
