"""Scores of unlike signatures are never in one column without a mark that says in what they differ."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectra.bench.results import text_table
from spectra.bench.results.latex import latex
from spectra.bench.results.markdown import markdown
from spectra.bench.results.result import RowScore
from spectra.bench.results.row import alike
from spectra.bench.results.signatures import competing, difference
from tests.bench.made_results import PSNR, made, psnr, row

PARTS = st.lists(st.sampled_from(["a:1", "a:2", "b:1", "b:2", "v1", "v2"]), min_size=1, max_size=4)


def scored(signature: str, unit: str = "dB", mean: float | None = 1.0) -> RowScore:
    reason = "" if mean is not None else "why"
    return RowScore(mean=mean, unit=unit, better="higher", signature=signature, reason=reason)


def lines_of(*rows: dict[str, Any]) -> list[str]:
    return text_table(made(*rows)).splitlines()


@pytest.mark.parametrize(
    ("own", "column", "told"),
    [
        ("psnr|range:255|v1", "psnr|range:unit|v1", "range:255 where the column has range:unit"),
        ("psnr|v2|cap:60", "psnr|cap:100|v1", "v2, cap:60 where the column has cap:100, v1"),
        ("psnr|range:unit", "psnr|range:unit|cap:100", "without cap:100"),
        ("psnr|range:unit|cap:100", "psnr|range:unit", "cap:100, which the column has not"),
        ("psnr|a:1|a:1", "psnr|a:1", "a:1, which the column has not"),
        ("as printed: range 255", "psnr|range:unit", "as printed: range 255"),
    ],
)
def test_only_the_parts_that_differ_are_named(own: str, column: str, told: str) -> None:
    assert difference(scored(own), scored(column)) == told


def test_another_unit_is_a_difference() -> None:
    assert difference(scored("rmse|v1", "K"), scored("rmse|v1", "DN")) == "unit:K where the column has unit:DN"
    assert difference(scored("rmse|v1", ""), scored("rmse|v1", "DN")) == "unit:none where the column has unit:DN"


@given(PARTS, PARTS)
def test_two_are_alike_whatever_the_order_of_their_parts(one: list[str], other: list[str]) -> None:
    first, second = scored("|".join(one)), scored("|".join(other))
    assert alike(first, second) == (sorted(one) == sorted(other)) == alike(second, first)
    if not alike(first, second):
        told = difference(first, second)
        assert all(
            f"{part}" not in told for part in {"a:1", "a:2", "b:1", "b:2"} if one.count(part) == other.count(part)
        )


def test_one_of_another_kind_is_marked_and_the_others_are_not() -> None:
    rows = [row(name, {"psnr": psnr(mean)}) for name, mean in (("a", 3.0), ("b", 2.0))]
    lines = lines_of(*rows, row("c", {"psnr": psnr(4.0, signature=PSNR.replace("cap:100", "cap:60"))}))
    assert lines[5:8] == ["c       4.000^a", "a       3.000", "b       2.000"]
    assert "^a psnr: cap:60 where the column has cap:100" in lines


def test_the_commonest_kind_is_that_of_the_column_whoever_is_first() -> None:
    odd = row("odd", {"psnr": psnr(1.0, signature=f"{PSNR}|x:1", unit="B")})
    text = "\n".join(lines_of(odd, *(row(name, {"psnr": psnr(2.0)}) for name in ("a", "b"))))
    assert "psnr ↑ dB" in text and "1.000^a" in text and text.count("^a") == 2


def test_what_is_not_scored_does_not_decide_what_a_column_is() -> None:
    lacking = [row(name, {"psnr": psnr(None, signature="psnr|x", reason="why")}) for name in ("a", "b")]
    assert not any("^a" in line for line in lines_of(*lacking, row("c", {"psnr": psnr(2.0)})))
    assert competing({"a": scored("x", mean=None), "b": scored("y")}) == {"b": scored("y")}
    assert competing({}) == {}


def test_of_two_companies_as_large_the_first_is_the_column() -> None:
    scores = {"a": scored("x"), "b": scored("y"), "c": scored("y"), "d": scored("x")}
    assert list(competing(scores)) == ["a", "d"]


def test_a_published_score_is_always_marked_even_of_the_same_signature() -> None:
    published = [row("p", {"psnr": psnr(9.0)}, kind="published"), row("q", {"psnr": psnr(8.0)}, kind="published")]
    lines = lines_of(row("a", {"psnr": psnr(3.0)}), *published)
    assert "^a psnr: published" in lines
    assert [line.endswith("^a") for line in lines[5:9]] == [False, False, True, True]


def test_papers_alone_make_a_table_too() -> None:
    lines = lines_of(row("p", {"psnr": psnr(9.0, signature="as printed: x")}, kind="published", preset=None))
    assert "^a psnr: published, as printed: x" in lines


def test_unlike_differences_have_letters_of_their_own_and_like_ones_share_them() -> None:
    odd = {"x": "x:1", "y": "x:2", "z": "x:1"}
    rows = [row(name, {"psnr": psnr(1.0, signature=f"{PSNR}|{part}")}) for name, part in odd.items()]
    text = "\n".join(lines_of(*(row(name, {"psnr": psnr(2.0)}) for name in ("a", "b", "c")), *rows))
    assert text.count("^a") == 3 and text.count("^b") == 2 and "^c" not in text


def test_a_mean_of_fewer_images_is_marked() -> None:
    rows = [row(name, {"psnr": psnr(2.0)}) for name in ("a", "b")]
    lines = lines_of(*rows, row("c", {"psnr": psnr(1.0, n=15)}))
    assert "c       1.000(1)" in lines and "(1) psnr: n = 15, elsewhere 16" in lines
    paper = row("p", {"psnr": psnr(1.0, n=800)}, kind="published")
    assert not any("n = 800" in line for line in lines_of(*rows, paper))


def test_a_reason_beside_a_score_is_told() -> None:
    lines = lines_of(row("a", {"psnr": psnr(2.0, reason="1 image left out")}), row("b", {"psnr": psnr(1.0)}))
    assert "a       2.000(1)" in lines and "(1) psnr: 1 image left out" in lines


def test_what_is_said_of_many_is_said_without_their_names() -> None:
    rows = [row(name, {"psnr": psnr(2.0)}, notes=["Resized."]) for name in "abcd"]
    assert "(1) a, b, c: Resized." in lines_of(*rows[:3]) and "(1) Resized." in lines_of(*rows)


def test_letters_go_on_behind_z() -> None:
    rows = [row(str(place), {"psnr": psnr(1.0, signature=f"{PSNR}|x:{place}")}) for place in range(30)]
    text = "\n".join(lines_of(*(row(f"own{place}", {"psnr": psnr(2.0)}) for place in range(2)), *rows))
    assert "^z psnr" in text and "^aa psnr" in text and "^ad psnr" in text and "^ae" not in text


def test_a_table_that_leaves_the_house_says_what_its_columns_are() -> None:
    rows = [row("a", {"psnr": psnr(2.0, signature="psnr|range:unit|v1")}), row("b", {"psnr": psnr(1.0, signature="x")})]
    for text in (markdown(made(*rows)), latex(made(*rows)).replace("$\\cdot$", "·")):
        assert "Signatures: psnr · range:unit · v1." in text
    assert "Signatures" not in markdown(made(row("a", error="why")))
