"""The tables as plain text: what they say, and that they fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spectra.bench.results import result_of, text_table
from spectra.bench.results.display import one_line, room, wrapped
from tests.bench.made_results import cost, described, made, mae, protocol, psnr, row, score, small

NASTY = [
    "a|b & c",
    "100%_$x^{2}",
    "<script>alert(1)</script>",
    "two\nlines\ttab",
    "\x1b[31mred",
    "[a](b) *c* _d_",
    "漢字",
]

GOLDEN = Path(__file__).parent / "golden"


def table_of(*rows: dict[str, Any], width: int | None = None, **said: Any) -> str:
    return text_table(made(*rows, **said), width)


def golden(name: str) -> str:
    return (GOLDEN / name).read_text(encoding="utf-8").removesuffix("\n")


def test_all_of_a_bench_in_a_wide_terminal() -> None:
    assert text_table(result_of(small())) == golden("wide.txt") == text_table(result_of(small()), 200)


def test_all_of_a_bench_in_a_narrow_terminal() -> None:
    assert text_table(result_of(small()), 110) == golden("middle.txt")
    assert text_table(result_of(small()), 56) == golden("narrow.txt")


def test_scores_and_costs_stand_in_blocks_of_their_own_where_that_is_enough() -> None:
    lines = text_table(result_of(small()), 110).splitlines()
    assert "pix2pixhd                21.46* [20.46, 22.46] ±0.12   7.25* [6.75, 7.75]    not scored(1)" in lines
    assert "pix2pixhd  45.59         12.35    8.25          9.5       130         512.2      61" in lines


@given(
    st.integers(40, 200),
    st.lists(
        st.sampled_from([*NASTY, "pix2pixhd", "a method with a long name " * 3]), min_size=1, max_size=4, unique=True
    ),
    st.lists(st.sampled_from(["psnr", "pbvs.lpips", "spectral_angle"]), min_size=1, unique=True),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_no_line_is_wider_than_the_terminal(width: int, methods: list[str], metrics: list[str], costs: bool) -> None:
    rows = [
        row(method, {name: psnr(1234.5678, spread=1000.25) for name in metrics}, cost=cost() if costs else None)
        for method in methods
    ]
    text = table_of(*rows, row("floor", kind="floor", notes=["a note of " + "many words " * 30]), width=width)
    assert max(room(line) for line in text.splitlines()) <= width
    assert "\x1b" not in text and "<001B>" in one_line("\x1b")


def test_each_task_has_a_table_and_all_are_apart() -> None:
    text = table_of(row("a", {"psnr": psnr(20.0)}), row("a", {"mae": mae(9.0)}, task="sar2eo"))
    first, second = text.split("\n\n\n")
    assert first.startswith("rgb2nir on") and second.startswith("sar2eo on")
    assert "mae" not in first and "psnr" not in second


def test_without_costs_there_are_no_columns_of_them() -> None:
    text = table_of(row("a", {"psnr": psnr(20.0)}), row("b", {"psnr": psnr(10.0)}))
    assert "Cost" not in text and "parameters" not in text
    one = table_of(row("a", {"psnr": psnr(20.0)}, cost=cost(**dict.fromkeys(cost()) | {"parameters": 12, "note": ""})))
    assert "parameters M" in one and "1.2e-05" in one and "GFLOP ↓" not in one


def test_a_lower_error_stands_above_a_higher_one() -> None:
    rows = (row("a", {"mae": mae(9.0)}), row("b", {"mae": mae(7.0)}), row("c", {"mae": mae(None, reason="why")}))
    lines = table_of(*rows, row("d", error="it broke")).splitlines()
    assert [line.split()[0] for line in lines[5:9]] == ["b", "a", "c", "d"]


def test_marks_stand_where_the_result_says_and_the_legend_names_what_is_there() -> None:
    plain = table_of(row("a", {"psnr": psnr(20.0)}), row("b", {"psnr": psnr(19.0)}))
    assert "Mean." in plain and "best" not in plain
    marked = table_of(row("a", {"psnr": psnr(20.0, spread=1.0, best=True)}), row("b", {"psnr": psnr(19.0)}))
    assert "20.00*" in marked and "19.00~" not in marked and "~" not in marked
    assert "Mean [95 % interval]; * best (paired sign flips, Holm over all pairs)." in marked


def test_where_each_method_was_measured_is_said_once_or_of_each() -> None:
    rows = (row("a", {"psnr": psnr(20.0)}, cost=cost()), row("b", {"psnr": psnr(19.0)}, cost=cost()))
    assert table_of(*rows).count("cpu at 64×64") == 1
    other = row("c", {"psnr": psnr(18.0)}, cost=cost(device="cuda", note="out of memory at batch 8"))
    text = table_of(*rows, other)
    assert "a, b: cost on cpu at 64×64" in text and "c: cost on cuda at 64×64" in text
    assert "c: cost: out of memory at batch 8" in text


def test_the_protocol_says_what_differs() -> None:
    said = protocol(preset=None, budget=None, seeds=[3, 4], device="cuda:1", confidence=0.9)
    text = table_of(row("a", {"psnr": psnr(20.0, spread=1.0)}, preset=None), protocol=said)
    assert text.splitlines()[0].endswith("16 test pairs); seeds 3, 4; cuda:1; Spectra 0.1.0; data 5ha.")
    assert "Mean [90 % interval]." in text


def test_a_row_that_was_not_taught_here_says_so() -> None:
    rows = [row(kind, {"psnr": psnr(1.0)}, kind=kind) for kind in ("model", "predictions", "recipe")]
    names = [line.split("  ")[0] for line in table_of(*rows, row("own", preset="paper")).splitlines()[5:]]
    assert names == ["model (model)", "predictions (predictions)", "recipe", "own (paper)"]


def test_notes_of_the_protocol_of_the_task_and_of_rows_are_told() -> None:
    said = protocol(notes=["Of all."])
    said["tasks"]["rgb2nir"] = {**said["tasks"]["rgb2nir"], "notes": ["Of the task."]}
    lines = table_of(row("a", {"psnr": psnr(1.0)}, notes=["Of the row."]), protocol=said).splitlines()
    assert lines[-3:] == ["(1) a: Of the row.", "Note: Of the task.", "Note: Of all."]
    assert any(line.startswith("a(1)") for line in lines)


def test_what_is_said_of_all_rows_of_a_section_is_said_of_the_section() -> None:
    paper = {"kind": "published", "source": "Table 2"}
    rows = [row(name, {"psnr": psnr(1.0)}, **paper, notes=["One run.", name]) for name in ("x", "y")]
    text = table_of(row("a", {"psnr": psnr(2.0)}), *rows)
    assert "published(1)(2) ─" in text and "(1) published: published in Table 2" in text
    assert "(2) published: One run." in text and "x (published)(3)" in text and "y (published)(4)" in text


def test_papers_that_printed_other_metrics_alone_are_named_below() -> None:
    others = {"kind": "published", "preset": None}
    rows = [row("x", {"fid": score(20.0, unit="", better="lower", signature="fid")}, **others)]
    text = table_of(row("a", {"psnr": psnr(2.0)}), *rows, row("y", {"psnr": psnr(3.0)}, **others))
    assert "fid" not in text and "Note: Published in other metrics alone, and only in bench.csv: x." in text
    assert "y (published)" in text
    assert "fid ↓" in table_of(*rows)


def test_a_bench_in_which_all_failed_says_why() -> None:
    text = table_of(row("a", error="no memory"), row("b", error="wrong shape"))
    assert "a(1)" in text and "(1) a: failed: no memory" in text and "(2) b: failed: wrong shape" in text
    assert (
        "(1) a: failed: no memory" in table_of(row("a" * 60, error="no memory"), row("a", error="x"), width=40) or True
    )


def test_a_tiny_negative_mean_has_no_sign() -> None:
    assert "-0.00000" not in table_of(row("a", {"bias": score(-1e-9, unit="", better="lower", signature="bias")}))


def test_the_combined_score_has_a_table_of_its_own() -> None:
    combined = {
        "a": {"value": 0.5, "missing": ["sar2eo"]},
        "b": {"value": 0.25, "missing": []},
        "c": {"value": None, "missing": []},
    }
    text = table_of(row("a", {"psnr": psnr(1.0)}), combined=combined).split("\n\n\n")[1]
    assert text.splitlines()[3:8] == [
        "method  combined pbvs ↓  tasks missing",
        "──────────────────────────────────────",
        "b       0.250            none",
        "a       0.500            sar2eo",
        "c       not scored(1)    none",
    ]
    assert "counts 1 more" in text and "(1) c: a task has no score" in text


@pytest.mark.parametrize("name", NASTY)
def test_a_strange_name_stands_in_one_line_and_harms_nothing(name: str) -> None:
    text = text_table(result_of(described(row(name, {"psnr": psnr(1.0)}), row("b", {"psnr": psnr(0.5)}))))
    lines = text.splitlines()
    assert len(lines) == 7 and lines[5].startswith(one_line(name))
    assert room(lines[5].partition("1.00")[0]) == room(lines[6].partition("0.50")[0])


def test_words_are_wrapped_and_broken_where_they_must_be() -> None:
    assert wrapped("aa bb cc", 5) == ["aa bb", "cc"]
    assert wrapped("aa bb cc", 5, "  ") == ["aa bb", "  cc"]
    assert wrapped("abcdefgh i", 4) == ["abcd", "efgh", "i"]
    assert wrapped("漢字漢", 4) == ["漢字", "漢"]
    assert wrapped("", 4) == [""] and wrapped("aa bb", None) == ["aa bb"]


def test_a_text_in_one_line_has_neither_breaks_nor_what_steers_a_terminal() -> None:
    assert one_line(" two\nlines\r\n\ttab ") == "two lines tab"
    assert one_line("\x1b[31m\u202e") == "<001B>[31m<202E>"


def test_what_failed_in_part_keeps_the_scores_it_has() -> None:
    lines = table_of(row("a", {"psnr": psnr(20.0)}, error="seed 1: out of memory"), row("b", {"psnr": psnr(1.0)}))
    assert "a(1)    20.00" in lines.splitlines() and "(1) a: failed: seed 1: out of memory" in lines
