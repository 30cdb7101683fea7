"""How often the tests of pairs err, and how often they find what is there: by simulation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from spectra.bench.statistics.pairs import PairResult, paired
from tests.bench.statistics.made import made

QUICK, MANY = 600, 4000


def share(
    times: int,
    said: Callable[[list[PairResult]], bool],
    *,
    flips: int = 999,
    seed: int = 21,
    **about: float,
) -> float:
    random = np.random.default_rng(seed)
    made_up = (made(random, **about) for _ in range(times))  # type: ignore[arg-type]
    return sum(said(paired(scores, resamples=20, flips=flips)) for scores in made_up) / times


def rejected(pairs: list[PairResult]) -> bool:
    return any(pair.p is not None and pair.p <= 0.05 for pair in pairs)


def rejected_by_holm(pairs: list[PairResult]) -> bool:
    return any(pair.p_holm is not None and pair.p_holm <= 0.05 for pair in pairs)


def rejected_against_the_first(pairs: list[PairResult]) -> bool:
    return any(pair.p_holm is not None and pair.p_holm <= 0.05 for pair in pairs if pair.a == "a")


@pytest.mark.parametrize("groups", [9, 20])
def test_methods_alike_are_told_apart_one_time_in_twenty(groups: int) -> None:
    """The standard error is 0.9 %. With each image flipped for itself, it is 26 %."""
    assert 0.025 <= share(QUICK, rejected, groups=groups) <= 0.075


def test_of_many_methods_alike_two_are_told_apart_as_seldom() -> None:
    """Six pairs: without the correction one of them is told apart about one time in five."""
    alike = {"methods": 4, "groups": 16}
    assert share(QUICK, rejected_by_holm, **alike) <= 0.065
    assert share(200, rejected, **alike) > 0.1


def test_with_one_method_apart_the_others_are_told_apart_as_seldom() -> None:
    """Here Bonferroni would be too strict, and a correction that stops counting too early errs."""

    def among_the_others(pairs: list[PairResult]) -> bool:
        return rejected_by_holm([pair for pair in pairs if "a" not in (pair.a, pair.b)])

    assert 0.01 <= share(QUICK, among_the_others, methods=4, groups=16, apart=3) <= 0.065


def test_a_real_difference_is_found_as_often_as_by_the_t_test_of_the_groups() -> None:
    random, times, theirs = np.random.default_rng(21), 300, 0
    for _ in range(times):
        scores = made(random, apart=0.5)
        a, b = (np.reshape(scores[name].values[0], (20, 5)).mean(axis=1) for name in "ab")
        theirs += stats.ttest_rel(a, b).pvalue <= 0.05
    ours = share(times, rejected, apart=0.5)
    assert 0.4 < theirs / times < 0.9
    assert ours == pytest.approx(theirs / times, abs=0.04)


def test_the_intervals_hold_the_true_difference() -> None:
    """The standard error is 1.2 %. From each image for itself, 74 % would."""
    random, times = np.random.default_rng(22), 300
    found = [paired(made(random), resamples=800, flips=10)[0] for _ in range(times)]
    held = sum(it.low is not None and it.high is not None and it.low <= 0 <= it.high for it in found)
    assert 0.9 <= held / times <= 0.985


@pytest.mark.slow
@pytest.mark.parametrize("groups", [6, 12, 20, 50])
@pytest.mark.parametrize("alike", [0.0, 0.5, 0.9])
def test_methods_alike_in_many_samples(groups: int, alike: float) -> None:
    found = share(MANY, rejected, groups=groups, alike=alike)
    print(f"{groups:3} groups, {alike:.0%} of the variance common to a group: {found:.1%} rejected")
    assert found <= 0.06
    assert found >= (0.02 if groups == 6 else 0.04)  # of 64 flips, two are 3.1 %


@pytest.mark.slow
@pytest.mark.parametrize("methods", [3, 5, 8])
def test_many_methods_alike_in_many_samples(methods: int) -> None:
    found = share(MANY // 2, rejected_by_holm, methods=methods, groups=20)
    print(f"{methods} methods alike: {found:.1%} with a pair rejected after Holm")
    assert found <= 0.065


@pytest.mark.slow
@pytest.mark.parametrize(("apart", "least"), [(0.25, 0.1), (0.5, 0.45), (1.0, 0.95)])
def test_real_differences_in_many_samples(apart: float, least: float) -> None:
    alone = share(MANY // 2, rejected, apart=apart)
    among = share(MANY // 4, rejected_against_the_first, apart=apart, methods=5)
    print(f"apart by {apart}: {alone:.1%} found, one of 4 after Holm of 10 pairs: {among:.1%}")
    assert alone >= least
