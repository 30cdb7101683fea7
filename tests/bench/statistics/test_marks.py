"""The best, and what cannot be told from it."""

from __future__ import annotations

from spectra.bench.statistics.marks import Mark, comparable, marks
from spectra.bench.statistics.pairs import PairResult

NEITHER, BEST, TIED = Mark(False, False), Mark(True, False), Mark(False, True)


def pair(a: str, b: str, p_holm: float | None) -> PairResult:
    return PairResult("rgb2nir", "psnr", a, b, 1.0, 0.5, 1.5, p_holm, p_holm, 20, 20, 0, "")


PAIRS = [pair("a", "b", 0.05), pair("c", "a", 0.049), pair("b", "c", 0.9)]
MEANS = {"a": 30.0, "b": 29.0, "c": 20.0}


def test_the_best_has_the_best_mean_and_who_does_not_differ_from_it_is_tied() -> None:
    assert marks(MEANS, "higher", PAIRS) == {"a": BEST, "b": TIED, "c": NEITHER}


def test_of_errors_the_lowest_is_the_best() -> None:
    assert marks(MEANS, "lower", PAIRS) == {"a": NEITHER, "b": TIED, "c": BEST}


def test_the_level_is_heeded() -> None:
    assert marks(MEANS, "higher", PAIRS, level=0.01) == {"a": BEST, "b": TIED, "c": TIED}
    assert marks(MEANS, "higher", PAIRS, level=0.06) == {"a": BEST, "b": NEITHER, "c": NEITHER}


def test_without_tests_only_the_best_is_marked() -> None:
    assert marks(MEANS, "higher") == {"a": BEST, "b": NEITHER, "c": NEITHER}


def test_what_could_not_be_tested_is_not_tied() -> None:
    assert marks({"a": 2.0, "b": 1.0}, "higher", [pair("a", "b", None)])["b"] == NEITHER


def test_what_has_no_score_is_not_marked() -> None:
    assert marks({"a": None, "b": 1.0}, "higher", [pair("a", "b", None)]) == {"a": NEITHER, "b": BEST}
    assert marks({"a": None}, "lower") == {"a": NEITHER} and marks({}, "lower") == {}


def test_equal_means_are_best_together() -> None:
    assert marks({"a": 1.0, "b": 1.0, "c": 0.5}, "higher", [pair("a", "b", 1.0), pair("b", "c", 0.4)]) == {
        "a": BEST,
        "b": BEST,
        "c": TIED,
    }


def test_only_scores_of_the_commonest_signature_are_compared() -> None:
    assert comparable({"a": "x|resized", "b": "x", "c": "x"}) == ["b", "c"]
    assert comparable({"a": "x", "b": "y"}) == ["a"]
    assert comparable({}) == []
