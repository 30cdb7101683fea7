"""Sentences of a page: who leads, what was asked, and no more than the numbers bear."""

from __future__ import annotations

from typing import Any

import pytest

from spectra.bench.page.board import board_of
from spectra.bench.page.contents import Contents
from spectra.bench.page.footnotes import Footnotes
from spectra.bench.page.words import asked, command_line, listed, task_title, title, verdict


def row(method: str, mean: float | None, kind: str = "translator", better: str = "higher", **marks: bool) -> Any:
    about = {
        "n": 5,
        "unit": "dB",
        "better": better,
        "signature": "s",
        "reason": "" if mean is not None else "no weights",
    }
    score = {"mean": mean, "low": None, "high": None, **about, **marks}
    return {"method": method, "task": "rgb2nir", "kind": kind, "scores": {"psnr": score}, "notes": [], "error": None}


def pair(a: str, b: str, p_holm: float, n: int = 20) -> Any:
    about = {"task": "rgb2nir", "metric": "psnr", "difference": 1.0, "low": 0.5, "high": 1.5, "n": n}
    return {**about, "a": a, "b": b, "p": p_holm, "p_holm": p_holm}


def told(*rows: Any, pairs: tuple[Any, ...] = ()) -> str:
    return verdict(rows, board_of(rows), pairs, 0.05)


def test_the_verdict_weighs_the_leader_against_the_best_floor() -> None:
    rows = row("a", 20.0), row("b", 18.0), row("low", 10.0, "floor"), row("high", 15.0, "floor")
    lead = "a leads by psnr with 20.00 dB"
    assert told(*rows) == f"{lead}: better than the best floor, high, at 15.00."
    assert (
        told(*rows, pairs=(pair("high", "a", 0.01),)) == f"{lead}: clearly better than the best floor, high, at 15.00."
    )
    unclear = f"{lead}: better, but not clearly so, than the best floor, high, at 15.00."
    few = f"{lead}: better than the best floor, high, at 15.00, which so few images cannot show."
    assert told(*rows, pairs=(pair("a", "high", 0.2, 5),)) == few
    assert told(*rows, pairs=(pair("a", "high", 0.2), pair("a", "low", 0.01))) == unclear


@pytest.mark.parametrize(("better", "floor"), [("higher", 21.0), ("lower", 19.0)])
def test_a_method_alone_that_beats_no_floor_is_told_so(better: str, floor: float) -> None:
    rows = row("a", 20.0, better=better), row("f", floor, "floor", better)
    worse = f"a reaches psnr 20.00 dB, and is worse than the best floor, f, at {floor:.2f}"
    unsure = f"a reaches psnr 20.00 dB, and is not shown to differ from the best floor, f, at {floor:.2f}."
    assert told(*rows) == told(*rows, pairs=(pair("a", "f", 0.01),)) == f"{worse}."
    assert told(*rows, pairs=(pair("f", "a", 0.3),)) == unsure
    assert told(*rows, pairs=(pair("f", "a", 0.3, 4),)) == f"{worse}, which so few images cannot show."


def test_the_best_method_behind_a_floor_does_not_lead() -> None:
    rows = row("a", 17.2), row("b", 16.0), row("linear", 18.4, "floor")
    assert told(*rows) == "a is the best of the methods by psnr with 17.20 dB, and is worse than the best floor, " + (
        "linear, at 18.40."
    )


def test_a_method_with_the_scores_of_a_floor_is_level_with_it() -> None:
    assert told(row("a", 20.0), row("f", 20.0, "floor")) == "a reaches psnr 20.00 dB, level with the best floor, f."


def test_methods_of_the_same_score_are_level() -> None:
    two = row("a", 20.0, best=True), row("b", 20.0, best=True)
    assert told(*two) == "a and b are level by psnr with 20.00 dB."
    assert told(*two, row("c", 9.0)) == "a and b are level and lead by psnr with 20.00 dB."
    assert told(*two, row("f", 15.0, "floor")) == (
        "a and b are level by psnr with 20.00 dB: better than the best floor, f, at 15.00."
    )
    assert told(*two, row("c", 9.0), row("f", 25.0, "floor")) == (
        "a and b are level, the best of the methods, by psnr with 20.00 dB, and are worse than the best floor, f, at "
        "25.00."
    )


def test_those_that_are_tied_with_the_leader_are_named_and_published_ones_never_lead() -> None:
    rows = row("a", 20.0, best=True), row("b", 19.9, tied=True), row("paper", 40.0, "published")
    assert told(*rows) == "a leads by psnr with 20.00 dB, not to be told apart from b."
    assert told(row("paper", 40.0, "published")) == "" and told(row("a", None), row("f", 1.0, "floor")) == ""


def contents(*rows: Any, tasks: Any = ("rgb2nir",), **protocol: Any) -> Contents:
    said = {"preset": None, "budget": None, "seeds": [], "metrics": {"psnr": {}, "ssim": {}}, **protocol}
    own = tasks if isinstance(tasks, dict) else {task: {} for task in tasks}
    return Contents({**said, "tasks": own}, rows, [], {}, {}, {})


def test_the_title_names_few_and_counts_many() -> None:
    few = [row(name, 1.0) for name in ("a", "b")]
    assert title(contents(*few, row("f", 1.0, "floor"))) == "a and b on rgb → nir"
    many = [row(name, 1.0) for name in "abcd"]
    assert title(contents(*many, tasks=("rgb2nir", "rgb2ir"))) == "4 methods on 2 tasks"
    assert title(contents(row("f", 1.0, "floor"))) == "Floors on rgb → nir"


def test_a_metric_of_one_task_alone_is_named_too() -> None:
    tasks = {"rgb2nir": {"metrics": {"psnr": {}, "ndvi": {}}}, "rgb2ir": {"metrics": {"psnr": {}}}}
    assert "judged by psnr and ndvi, all" in asked(contents(row("a", 1.0), metrics={"psnr": {}}, tasks=tasks))


def test_what_was_asked_is_said_in_a_sentence() -> None:
    rows = row("a", 1.0), row("f", 1.0, "floor")
    seeded = {**rows[0], "seeds": [3]}
    assert "seed" not in asked(contents(*rows, seeds=[3])), "nothing was trained"
    assert asked(contents(*rows)) == (
        "a, beside the floors that each must beat; judged by psnr and ssim, all on the same test images."
    )
    assert asked(contents(seeded, preset="tiny", budget="10 min", seeds=[3])) == (
        "a, with the preset tiny, a budget of 10 min for each that learns and seed 3; judged by psnr and ssim, all on "
        "the same test images."
    )


def test_tasks_lists_and_commands_read_well() -> None:
    assert [task_title(task) for task in ("rgb2nir", "ms2ir2gray", "odd")] == ["rgb → nir", "ms2ir2gray", "odd"]
    assert [listed(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]
    assert command_line(["C:\\bin\\spectra", "bench", "--out", "a b"]) == "spectra bench --out 'a b'"
    assert command_line([]) == ""


def test_the_same_footnote_has_the_same_letter_and_letters_never_end() -> None:
    notes = Footnotes()
    assert [notes.mark(words) for words in ("x", "y", "x")] == ["a", "b", "a"]
    letters = [notes.mark(str(number)) for number in range(60)]
    assert letters[23:26] == ["z", "aa", "ab"] and len(set(letters)) == 60
