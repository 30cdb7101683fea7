"""What so few images could not have shown, whatever the scores."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from spectra.bench.statistics.images import ImageScores
from spectra.bench.statistics.marks import Mark, marks
from spectra.bench.statistics.pairs import PairResult, paired
from spectra.bench.statistics.reach import drawn_flips, level, reach, remark, remarks
from tests.bench.statistics.made import alone, made


def pair(clusters: int, metric: str = "psnr", images: int | None = None) -> PairResult:
    p = None if not clusters else 0.9
    about = (clusters if images is None else images, clusters, 0, "")
    return PairResult("rgb2nir", metric, "a", "b", 1.0, 0.5, 1.5, p, p, *about)


def far_apart(methods: int, images: int) -> dict[str, ImageScores]:
    """Each method is better than the next on every image, by more than it varies: as clear as scores can be."""
    names = [f"{place}" for place in range(images)]
    return {
        "abcdefghijkl"[method]: ImageScores(names, names, [[50.0 - 9 * method + place / 7 for place in range(images)]])
        for method in range(methods)
    }


@pytest.mark.parametrize(("methods", "images"), [(2, 5), (2, 6), (3, 7), (7, 6), (7, 9), (7, 10), (11, 4), (12, 13)])
def test_it_is_the_smallest_p_that_the_clearest_scores_there_are_come_to(methods: int, images: int) -> None:
    found = paired(far_apart(methods, images), resamples=10)
    least = [p for p in reach(found) if p is not None]
    if images <= 12:
        assert least == pytest.approx([it.p_holm for it in found])
    assert max(least) <= min(1.0, len(found) * max(2 / 2**images, 1e-4)) + 1e-12


@pytest.mark.parametrize(("methods", "images"), [(2, 5), (7, 6), (7, 9), (11, 4)])
def test_where_no_pair_could_be_told_apart_nobody_is_tied_however_far_off(methods: int, images: int) -> None:
    scores = far_apart(methods, images)
    means = {name: float(np.mean(said.values)) for name, said in scores.items()}
    found = marks(means, "higher", paired(scores, resamples=10))
    assert found == {name: Mark(name == "a", False) for name in scores}


def test_where_they_could_be_who_is_near_is_tied() -> None:
    values = [30.0 + place for place in range(10)]
    near = [value + (-1) ** place * 0.5 for place, value in enumerate(values)]
    scores = alone(a=[value + 0.01 for value in values], b=near, c=[value - 9 for value in values])
    means = {name: float(np.mean(said.values)) for name, said in scores.items()}  # type: ignore[arg-type]
    found = marks(means, "higher", paired(scores))
    assert found == {"a": Mark(True, False), "b": Mark(False, True), "c": Mark(False, False)}


def test_a_pair_of_few_images_among_many_of_more_is_as_easily_told_as_holm_says() -> None:
    """Once the others are rejected, the last stands against the level alone."""
    assert reach([pair(6), pair(20)]) == pytest.approx([2 / 64, 2 / 10_001])
    assert reach([pair(6), pair(6), pair(20)])[0] == pytest.approx(4 / 64)
    assert reach([pair(0), pair(6)]) == [None, pytest.approx(2 / 64)]


def test_drawn_flips_bound_it_too_and_are_as_many_as_the_tests_draw() -> None:
    assert reach([pair(40)]) == [pytest.approx(1 / 10_001)]
    assert reach([pair(40)] * 300)[0] == pytest.approx(300 / 15_001)
    assert drawn_flips(300) == 15_000
    (found,) = {it.test for it in paired(made(np.random.default_rng(0), methods=3), resamples=10)}
    assert f"{drawn_flips(3):,} drawn" in found


def test_the_remark_says_how_few_images_and_how_many_are_needed() -> None:
    assert remark([pair(6)] * 21) == (
        "6 images and 21 pairs: the smallest p after Holm is 0.66; no difference can be shown with fewer than 10 "
        "images."
    )
    assert remark([pair(4)] * 55).startswith("4 images and 55 pairs: the smallest p after Holm is 1; ")
    assert remark([pair(5)]) == (
        "5 images and 1 pair: the smallest p is 0.062; no difference can be shown with fewer than 6 images."
    )
    assert remark([pair(3, images=12)]).startswith("3 groups and 1 pair: ")
    assert remark([pair(3, images=12)]).endswith("fewer than 6 groups.")
    assert remark([pair(6)]) == remark([pair(10)] * 21) == remark([]) == remark([pair(0)]) == ""
    assert remark([pair(6)], limit=0.01) != ""


@pytest.mark.parametrize("count", [1, 3, 10, 21, 55, 66])
def test_with_as_many_images_as_it_names_a_difference_can_be_shown(count: int) -> None:
    needed = int(remark([pair(2)] * count).rpartition(" images")[0].rpartition(" ")[2])
    assert remark([pair(needed)] * count) == "" and remark([pair(needed - 1)] * count) != ""
    assert count * 2 / 2**needed < 0.05 <= count * 2 / 2 ** (needed - 1)


def test_that_some_pairs_have_too_few_is_said() -> None:
    said = remark([pair(20), pair(3), pair(4)])
    assert said == "2 of 3 pairs have too few images for a difference to be shown."


def test_each_remark_is_made_once_a_task_and_names_its_metrics_where_it_is_not_of_all() -> None:
    assert list(remarks([pair(5), pair(5, "ssim")])) == [remark([pair(5)])]
    assert list(remarks([pair(5), pair(20, "ssim")])) == [f"psnr: {remark([pair(5)])}"]
    assert list(remarks([pair(20), pair(20, "ssim")])) == []


def test_those_of_the_same_scores_leave_the_family() -> None:
    scores = made(np.random.default_rng(3), methods=3, groups=9, apart=2)
    plain = {(it.a, it.b): it for it in paired(scores)}
    found = {(it.a, it.b): it for it in paired({**scores, "d": scores["c"]})}
    same = found["c", "d"]
    assert level(same) and (same.p, same.p_holm, same.difference) == (1, 1, 0)
    assert same.test.endswith("; the same scores throughout: not counted by Holm")
    assert not any(level(it) or "counted" in it.test for couple, it in found.items() if couple != ("c", "d"))
    ranked = sorted(it.p for it in found.values() if it.p is not None and not level(it))
    assert min(it.p_holm for it in found.values() if it.p_holm is not None) == pytest.approx(5 * ranked[0])
    assert found["a", "b"].p == plain["a", "b"].p
    assert reach(list(found.values()))[0] == pytest.approx(5 * 2 / 2**9)


def test_those_of_the_same_scores_that_are_not_best_together_are_tied_where_images_are_enough() -> None:
    """One lacks the score of an image, so that their means differ."""
    full = [30.0 + place for place in range(10)]
    for count, tied in ((10, True), (4, False)):
        scores = alone(a=full[:count], b=[None, *full[1:count]])  # type: ignore[list-item]
        (found,) = paired(scores)
        assert level(found) and marks({"b": 3.0, "a": 2.0}, "higher", [found])["a"] == Mark(False, tied)


def test_scores_that_differ_by_nothing_on_the_whole_are_still_tested() -> None:
    (found,) = paired(alone(a=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], b=[2.0, 1.0, 4.0, 3.0, 6.0, 5.0]))
    assert found.difference == 0 and not level(found)


def test_couples_are_all_reached_in_their_order() -> None:
    names = "abc"
    found = [replace(pair(4 + place), a=a, b=b) for place, (a, b) in enumerate(combinations(names, 2))]
    assert [round(p or 0, 4) for p in reach(found)] == [0.125, 0.125, 0.0938]
