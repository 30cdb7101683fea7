"""Who stands above whom."""

from __future__ import annotations

from typing import Any

from spectra.bench.results.ranking import ranked, sections_of
from tests.bench.made_results import made, mae, psnr, row


def names(*rows: dict[str, Any]) -> list[str]:
    return [found.method for found in ranked(made(*rows), "rgb2nir")]


def test_higher_and_lower_are_each_best_first() -> None:
    assert names(row("a", {"psnr": psnr(1.0)}), row("b", {"psnr": psnr(2.0)})) == ["b", "a"]
    assert names(row("a", {"mae": mae(2.0)}), row("b", {"mae": mae(1.0)})) == ["b", "a"]


def test_even_ones_stay_as_they_came() -> None:
    assert names(*(row(name, {"psnr": psnr(1.0)}) for name in "cab")) == ["c", "a", "b"]


def test_the_first_metric_decides() -> None:
    one = row("a", {"psnr": psnr(1.0), "mae": mae(1.0)})
    assert names(one, row("b", {"psnr": psnr(2.0), "mae": mae(2.0)})) == ["b", "a"]


def test_a_metric_that_nobody_has_decides_nothing() -> None:
    lacking = psnr(None, reason="needs weights")
    assert names(row("a", {"psnr": lacking, "mae": mae(2.0)}), row("b", {"psnr": lacking, "mae": mae(1.0)})) == [
        "b",
        "a",
    ]


def test_what_failed_stands_last_and_what_is_not_scored_before_it() -> None:
    rows = [row("failed", error="why"), row("none", {"psnr": psnr(None, reason="why")}), row("a", {"psnr": psnr(0.0)})]
    assert names(*rows) == ["a", "none", "failed"]


def test_floors_and_papers_stand_apart_below() -> None:
    rows = [
        row("paper", {"psnr": psnr(9.0)}, kind="published"),
        row("floor", {"psnr": psnr(8.0)}, kind="floor"),
        row("folder", {"psnr": psnr(7.0)}, kind="predictions"),
        row("own", {"psnr": psnr(6.0)}),
    ]
    found = sections_of(made(*rows), "rgb2nir")
    assert {title: [one.method for one in rows] for title, rows in found.items()} == {
        "": ["folder", "own"],
        "floors": ["floor"],
        "published": ["paper"],
    }
