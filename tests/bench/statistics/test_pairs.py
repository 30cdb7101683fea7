"""Every two methods against each other."""

from __future__ import annotations

import math
import random as shuffles
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from spectra.bench.statistics.images import ImageScores
from spectra.bench.statistics.pairs import PairResult, paired
from spectra.metrics.intervals import bootstrap_interval
from spectra.metrics.intervals.bca import levels, share_below
from spectra.metrics.intervals.clusters import clustered
from tests.bench.statistics.made import alone, made


def only(scores: dict[str, ImageScores], **options: float) -> PairResult:
    (found,) = paired(scores, **options)  # type: ignore[arg-type]
    return found


def differences(scores: dict[str, ImageScores]) -> list[float]:
    a, b = (scores[name].values[0] for name in "ab")
    return [one - other for one, other in zip(a, b, strict=True) if one is not None and other is not None]


def test_it_is_the_mean_of_the_differences_with_the_interval_of_these() -> None:
    scores = made(np.random.default_rng(0), apart=0.4)
    found, own = only(scores, resamples=50_000), differences(scores)
    assert found.difference == pytest.approx(math.fsum(own) / 100, rel=1e-12)
    low, high = bootstrap_interval(own, scores["a"].groups, resamples=50_000)
    assert low is not None and high is not None
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.02 * (high - low))
    assert (found.a, found.b, found.n, found.clusters, found.left_out) == ("a", "b", 100, 20, 0)


def test_its_resamples_are_means_of_whole_groups() -> None:
    """A loop over the same draws, image by image."""
    scores = made(np.random.default_rng(1), groups=6, each=3)
    scores = {name: replace(said, groups=[*said.groups[:14], *["g0"] * 4]) for name, said in scores.items()}
    groups: dict[str, list[float]] = {}
    for name, value in zip(scores["a"].groups, differences(scores), strict=True):
        groups.setdefault(name, []).append(value)
    drawn = np.random.default_rng(3).integers(len(groups), size=(400, len(groups)))
    ordered = [groups[name] for name in sorted(groups)]
    means = [[value for place in row for value in ordered[place]] for row in drawn]
    loop = np.array([math.fsum(values) / len(values) for values in means])
    own = clustered(np.array(differences(scores)), scores["a"].groups)
    mean = math.fsum(differences(scores)) / 18
    assert (loop == mean).mean() > 0.02  # each group once
    expected = np.quantile(loop, levels(own, share_below(loop, mean), 0.8))
    found = only(scores, resamples=400, seed=3, confidence=0.8)
    assert (found.clusters, found.n) == (5, 18)
    assert (found.low, found.high) == pytest.approx(tuple(expected), rel=1e-9)


@pytest.mark.parametrize("number", [2, 5, 9, 12])
def test_few_groups_are_tested_by_all_flips_as_scipy_does(number: int) -> None:
    scores = made(np.random.default_rng(number), groups=number, apart=0.8)
    sums = np.reshape(differences(scores), (number, 5)).sum(axis=1)
    theirs = stats.permutation_test((sums,), np.sum, permutation_type="samples", n_resamples=np.inf)
    found = only(scores, resamples=10)
    assert found.p == pytest.approx(theirs.pvalue, rel=1e-12)
    assert found.test.startswith(f"sign flips of {number} groups, all {2**number:,}")


def test_that_few_groups_can_show_nothing_is_said() -> None:
    five, six = (only(made(np.random.default_rng(0), groups=number, apart=50), resamples=10) for number in (5, 6))
    assert five.p == 0.0625 and five.test == "sign flips of 5 groups, all 32, of which no p is below 0.062"
    assert six.p == 0.03125 and six.test == "sign flips of 6 groups, all 64"


def test_many_are_tested_by_drawn_flips_as_scipy_does() -> None:
    scores = made(np.random.default_rng(4), groups=40, apart=0.2)
    sums = np.reshape(differences(scores), (40, 5)).sum(axis=1)
    theirs = stats.permutation_test((sums,), np.sum, permutation_type="samples", n_resamples=50_000, rng=1)
    found = only(scores, resamples=10)
    assert 0.05 < theirs.pvalue < 0.5
    assert found.p == pytest.approx(theirs.pvalue, abs=0.015)
    assert found.test == "sign flips of 40 groups, 10,000 drawn"
    assert (found.p * 10_001) == pytest.approx(round(found.p * 10_001))


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=7))
@settings(deadline=None, max_examples=40)
def test_equal_sums_count_as_far_out_as_the_observed(steps: list[int]) -> None:
    """Tenths, whose sums differ by rounding where they are equal, against whole numbers."""
    flips = [abs(sum(sign * step for sign, step in zip(signs, steps, strict=True))) for signs in every(len(steps))]
    found = only(alone(a=[30 + step / 10 for step in steps], b=[30.0] * len(steps)), resamples=10)
    assert found.p == sum(flip >= abs(sum(steps)) for flip in flips) / len(flips)


def every(number: int) -> list[tuple[int, ...]]:
    return list(product((1, -1), repeat=number))


def test_what_is_hard_for_both_does_not_blur_the_difference() -> None:
    scores = made(np.random.default_rng(5), groups=30, each=1, apart=1.2)
    a, b = (np.array(scores[name].values[0]) for name in "ab")
    found = only(scores)
    assert stats.ttest_ind(a, b).pvalue > 0.2
    assert found.p is not None and found.p < 0.01


def test_images_that_one_has_no_score_of_are_left_out_and_counted() -> None:
    scores = alone(
        a=[1.0, 2.0, None, 4.0, 9.0, None], b=[0.5, None, 7.0, 3.5, 1.0, None], c=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    )
    ab, ac, bc = paired(scores)
    assert (ab.n, ab.left_out, ab.clusters, ab.difference) == (3, 2, 3, 3.0)
    assert (ac.n, ac.left_out) == (4, 2)
    assert (bc.n, bc.left_out) == (4, 2)
    assert [(it.a, it.b) for it in (ab, ac, bc)] == [("a", "b"), ("a", "c"), ("b", "c")]


def test_images_are_paired_by_name_not_by_place() -> None:
    scores = made(np.random.default_rng(6), apart=0.3)
    b = scores["b"]
    order = list(range(len(b.names)))
    shuffles.Random(0).shuffle(order)
    mixed = ImageScores(*([part[place] for place in order] for part in (b.names, b.groups)), [])
    mixed = replace(mixed, values=[[b.values[0][place] for place in order]])
    assert paired({"a": scores["a"], "b": mixed}) == paired(scores)


def test_nothing_in_common_is_no_difference_and_no_test() -> None:
    found = only({"a": ImageScores(["x"], ["x"], [[1.0]]), "b": ImageScores(["y"], ["y"], [[2.0]])})
    assert (found.difference, found.low, found.high, found.p, found.p_holm) == (None,) * 5
    assert (found.n, found.clusters, found.left_out, found.test) == (0, 0, 2, "none: no image has a score of both")


def test_one_group_shows_nothing() -> None:
    scores = {name: replace(said, groups=["g"] * 100) for name, said in made(np.random.default_rng(7), apart=3).items()}
    found = only(scores)
    assert (found.low, found.high, found.p, found.clusters) == (None, None, 1.0, 1)
    assert found.difference is not None and found.difference > 2


def test_the_same_scores_differ_in_nothing() -> None:
    one = made(np.random.default_rng(8))["a"]
    found = only({"a": one, "b": one})
    assert (found.difference, found.low, found.high, found.p, found.p_holm) == (0, 0, 0, 1, 1)


def test_seeds_are_no_images() -> None:
    """Two seeds of the same scores tell as much as one."""
    once = made(np.random.default_rng(9), apart=0.3)
    twice = {name: replace(said, values=[*said.values, *said.values]) for name, said in once.items()}
    assert paired(twice) == paired(once)
    assert only({"a": twice["a"], "b": once["b"]}).n == 100


def test_of_several_seeds_the_mean_of_each_image_is_compared() -> None:
    random = np.random.default_rng(10)
    first, second, other = (made(random, methods=1)["a"] for _ in range(3))
    mean = [(x + y) / 2 for x, y in zip(first.values[0], second.values[0], strict=True)]  # type: ignore[operator]
    seeds = replace(first, values=[*first.values, *second.values])
    assert only({"a": seeds, "b": other}) == only({"a": replace(first, values=[mean]), "b": other})


def test_all_pairs_are_one_family() -> None:
    found = paired(made(np.random.default_rng(11), methods=4, apart=0.9), task="rgb2nir", metric="psnr")
    assert len(found) == 6 and {(it.task, it.metric) for it in found} == {("rgb2nir", "psnr")}
    ranked = sorted(found, key=lambda it: it.p or 0)
    assert ranked[0].p_holm == pytest.approx(min(1, 6 * (ranked[0].p or 0)))
    assert ranked[-1].p_holm is not None and ranked[-2].p_holm is not None
    assert ranked[-1].p_holm >= ranked[-2].p_holm >= (ranked[-2].p or 0)


def test_a_pair_is_the_same_bits_alone_and_among_many() -> None:
    """Sums of whole numbers: how many columns a machine multiplies at once does not show."""
    many = made(np.random.default_rng(12), methods=12, groups=33, each=3, apart=0.5)
    among = {(it.a, it.b): it for it in paired(many)}
    for a, b in (("a", "b"), ("c", "l")):
        assert replace(only({a: many[a], b: many[b]}), p_holm=among[a, b].p_holm) == among[a, b]


def test_turned_round_it_says_the_same() -> None:
    scores = made(np.random.default_rng(13), apart=0.4)
    one, other = only(scores), only({"b": scores["b"], "a": scores["a"]})
    assert one.p == other.p and one.difference == -(other.difference or 0)
    assert (one.low, one.high) == pytest.approx((-(other.high or 0), -(other.low or 0)), rel=1e-9)


def test_the_settings_are_heeded() -> None:
    scores = made(np.random.default_rng(14), apart=0.3)
    plain = only(scores)
    assert only(scores) == plain
    narrow = paired(scores, confidence=0.5)[0]
    assert plain.low is not None and narrow.low is not None and plain.low < narrow.low
    assert narrow.p == plain.p
    assert only(scores, seed=1).low != plain.low and only(scores, seed=1).p != plain.p
    assert only(scores, resamples=100).low != plain.low
    assert only(scores, flips=100).test == "sign flips of 20 groups, 100 drawn"


def test_so_many_flips_are_drawn_that_the_correction_leaves_room() -> None:
    scores = made(np.random.default_rng(15), methods=12, groups=20, each=1)
    assert paired(scores, flips=10, resamples=10)[0].test == f"sign flips of 20 images, {50 * 66:,} drawn"


def test_an_image_is_of_one_group() -> None:
    with pytest.raises(ValueError, match="'x' is in the group 'g' and in 'h'"):
        paired({"a": ImageScores(["x"], ["g"], [[1.0]]), "b": ImageScores(["x"], ["h"], [[1.0]])})


def test_it_is_described_as_bench_json_has_it() -> None:
    said = only(made(np.random.default_rng(16))).described()
    assert list(said)[:11] == ["task", "metric", "a", "b", "difference", "low", "high", "p", "p_holm", "n", "clusters"]
    assert {"left_out", "test"} < set(said)


def test_one_method_has_no_pair() -> None:
    assert paired(alone(a=[1.0])) == [] and paired({}) == []


def test_images_without_a_group_stand_alone() -> None:
    scores = made(np.random.default_rng(17), groups=10, each=2)
    nowhere = {name: replace(said, groups=[""] * 20) for name, said in scores.items()}
    assert only(nowhere) == only({name: replace(said, groups=said.names) for name, said in scores.items()})
    assert only(nowhere).clusters == 20
