"""What a result must not say: each is a fault of whoever made it, found before anybody reads a table."""

from __future__ import annotations

import math
from typing import Any

import pytest

from spectra.bench.results import result_of
from spectra.errors import SpectraError
from tests.bench.made_results import LPIPS, PSNR, described, made, mae, pair, protocol, psnr, row, score


def refused(*rows: dict[str, Any], **said: Any) -> str:
    with pytest.raises(SpectraError) as caught:
        made(*rows, **said)
    return str(caught.value)


def test_an_interval_does_not_run_backwards_and_has_two_ends() -> None:
    assert "runs backwards, from 22.0 to 20.0" in refused(row("a", {"psnr": psnr(21.0, low=22.0, high=20.0)}))
    assert "both ends or none" in refused(row("a", {"psnr": psnr(21.0, low=20.0)}))
    assert made(row("a", {"psnr": psnr(21.0, low=21.0, high=21.0)}))


def test_what_is_not_scored_says_why_and_has_nothing_else() -> None:
    assert "no reason is given" in refused(row("a", {"psnr": psnr(None)}))
    assert "not scored, yet" in refused(row("a", {"psnr": psnr(None, reason="needs x", best=True)}))
    assert "not scored, yet" in refused(row("a", {"psnr": psnr(None, reason="needs x", low=1.0, high=2.0)}))
    assert made(row("a", {"psnr": psnr(None, reason="needs x")}))


@pytest.mark.parametrize("mark", ["best", "tied"])
def test_a_published_row_is_never_marked(mark: str) -> None:
    published = row("Pix2Next", {"psnr": psnr(30.0, **{mark: True})}, kind="published")
    assert "the published row 'Pix2Next' is marked" in refused(row("a", {"psnr": psnr(20.0)}), published)


def test_best_is_the_highest_where_higher_is_better_and_the_lowest_where_lower_is() -> None:
    assert made(row("a", {"psnr": psnr(22.0, best=True)}), row("b", {"psnr": psnr(20.0)}))
    told = refused(row("a", {"psnr": psnr(22.0)}), row("b", {"psnr": psnr(20.0, best=True)}))
    assert "'b' is marked as best of 'rgb2nir' by 'psnr', and another is better" in told
    assert made(row("a", {"mae": mae(7.0, best=True)}), row("b", {"mae": mae(9.0)}))
    assert "another is better" in refused(row("a", {"mae": mae(7.0)}), row("b", {"mae": mae(9.0, best=True)}))


def test_two_that_are_even_may_both_be_best() -> None:
    assert made(row("a", {"psnr": psnr(22.0, best=True)}), row("b", {"psnr": psnr(22.0, best=True)}))


def test_only_those_that_may_be_compared_compete_for_the_best() -> None:
    other = psnr(30.0, signature=f"{PSNR}|resize:256")
    assert made(row("a", {"psnr": psnr(22.0, best=True)}), row("b", {"psnr": other}))
    turned = psnr(30.0, signature="|".join(reversed(PSNR.split("|"))))
    assert "another is better" in refused(row("a", {"psnr": psnr(22.0, best=True)}), row("b", {"psnr": turned}))
    assert made(row("a", {"psnr": psnr(22.0, best=True)}), row("b", {"psnr": psnr(30.0, unit="B")}))


def test_a_metric_is_better_in_one_direction() -> None:
    wrong = score(1.0, unit="dB", better="lower", signature=PSNR)
    assert "better when higher in some rows" in refused(row("a", {"psnr": psnr(2.0)}), row("b", {"psnr": wrong}))


def test_a_method_has_one_row_a_task_but_papers_may_print_it_often() -> None:
    assert "2 rows are of the method 'a'" in refused(row("a"), row("a"))
    assert made(row("a"), row("a", task="rgb2ir"))
    assert made(row("a"), row("a", kind="published"), row("a", kind="published"))


def test_every_row_and_every_pair_is_of_something_known() -> None:
    assert "of which the protocol says nothing" in refused(row("a", task="sar2eo"), protocol=protocol("rgb2nir"))
    assert "one of them has no row" in refused(row("a"), row("b"), pairs=[pair("a", "c")])
    assert "one of them has no row" in refused(row("a"), row("b", kind="published"), pairs=[pair("a", "b")])
    assert made(row("a"), row("b"), pairs=[pair("a", "b")])


def test_a_name_that_no_file_can_hold_is_told() -> None:
    with pytest.raises(SpectraError, match="damaged"):
        result_of(described(row("\udc80")))


def test_better_is_asked_of_the_score_itself() -> None:
    one, other = (made(row("a", {"m": said})).rows[0].scores["m"] for said in (psnr(2.0), psnr(1.0)))
    assert one.better_than(other) and not other.better_than(one) and not one.better_than(one)
    low, high = (made(row("a", {"m": said})).rows[0].scores["m"] for said in (mae(1.0), mae(math.pi)))
    assert low.better_than(high) and not high.better_than(low)
    none = made(row("a", {"m": score(None, unit="dB", better="higher", signature=LPIPS, reason="x")}))
    assert one.better_than(none.rows[0].scores["m"]) and not none.rows[0].scores["m"].better_than(one)
