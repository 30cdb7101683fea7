"""`table.tex`, read by a strict reader that knows nothing of how it was written."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spectra.bench.results import result_of
from spectra.bench.results.display import one_line
from spectra.bench.results.latex import latex
from spectra.bench.results.latex_text import escaped
from tests.bench.made_results import cost, made, mae, psnr, row, small
from tests.bench.results.strict_latex import Fault, compiled

GOLDEN = Path(__file__).parent / "golden"
NASTY = [
    "a|b & c",
    "100%_$x^{2}#",
    "\\input{/etc/passwd}",
    "<script>alert(1)</script>",
    "two\nlines",
    "[x] y",
    "*x",
    "(x)",
    "a--b---c",
    "`'\"",
    "?` !` ,, << >>",
    "~user",
    "}{",
    "\x1b[31m",
    "%",
    "ends\\",
]


def tables_of(*rows: dict[str, Any]) -> list[list[list[str]]]:
    return compiled(latex(made(*rows)))


def test_all_of_a_bench() -> None:
    text = latex(result_of(small()))
    assert text == (GOLDEN / "table.tex").read_text(encoding="utf-8")
    scores, lpips, costs, more = compiled(text)
    assert scores[0] == ["method", "psnr ↑ (dB)", "mae ↓ (DN)"] and lpips[0] == ["method", "lpips ↓"]
    assert scores[1] == ["pix2pixhd", "21.46 [20.46, 22.46] ±0.12", "7.25 [6.75, 7.75]"]
    assert lpips[1] == ["pix2pixhd", "not scored1"]
    assert [line[0] for line in scores[3:]] == [
        "broken",
        "floors",
        "copy (floor)",
        "published",
        "Pix2Next (published)3",
    ]
    assert costs[1] + more[1][1:] == ["pix2pixhd", "45.59", "12.35", "8.25", "9.5", "130", "512.2", "61"]


@pytest.mark.parametrize("name", NASTY)
def test_any_name_is_printed_as_it_is_and_compiles(name: str) -> None:
    rows = [row(name, {"psnr": psnr(2.0)}, notes=[name]), row(f"{name}2", error=name)]
    [table] = tables_of(*rows, row(f"{name}3", {"psnr": psnr(1.0)}, kind="floor", source=name))
    shown = one_line(name)
    assert [line[0] for line in table] == ["method", f"{shown}1", f"{shown}2", "floors", f"{shown}3 (floor)1"]
    assert {len(line) for line in table} == {2}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("↑ ↓ ± × σ ° ≤", "↑ ↓ ± × σ ° ≤"),
        ("Δ", None),
        ("µm", "μm"),
        ("café naïve Ångström", "cafe naive Angstrom"),
        ("Müller–Łódź", "Muller–Łodz"),
        ("漢字", "U+6F22U+5B57"),
        ("m²", "m2"),
        ("−3", "-3"),
        ("🙂", "U+1F642"),
    ],
)
def test_letters_beyond_ascii_compile_and_are_printed_or_numbered(text: str, shown: str | None) -> None:
    found = escaped(text)
    assert found.isascii()
    if shown is not None:
        assert compiled(rf"\begin{{tabular}}{{l}}{found}\\\end{{tabular}}") == [[[shown]]]


@pytest.mark.parametrize(("letter", "latex"), [("é", r"\'{e}"), ("ï", r"\"{\i}"), ("ç", r"\c{c}"), ("ů", r"\r{u}")])
def test_accents_stay_accents(letter: str, latex: str) -> None:
    assert escaped(letter) == latex == escaped(unicodedata.normalize("NFD", letter))


@given(st.text(st.characters(codec="ascii"), max_size=16))
@settings(max_examples=200, deadline=None)
def test_any_ascii_text_compiles_to_itself(text: str) -> None:
    table = compiled(rf"\begin{{tabular}}{{l}}x{escaped(text)}x\\\end{{tabular}}")
    assert table == [[[f"x{one_line(text)}x"]]]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=16))
@settings(max_examples=100, deadline=None)
def test_any_text_is_ascii_and_balanced(text: str) -> None:
    found = escaped(text)
    assert found.isascii() and found.count("{") - found.count(r"\{") == found.count("}") - found.count(r"\}")


def test_the_best_is_bold_and_what_is_tied_in_italics() -> None:
    rows = (row("a", {"mae": mae(1.0, best=True)}), row("b", {"mae": mae(2.0, tied=True)}), row("c", {"mae": mae(3.0)}))
    text = latex(made(*rows))
    assert r"a & \textbf{1.000} \\" in text and r"b & \textit{2.000} \\" in text and r"c & 3.000 \\" in text


def test_each_task_has_a_table_with_a_label_of_its_own() -> None:
    text = latex(made(row("a", {"psnr": psnr(2.0)}), row("a", {"mae": mae(2.0)}, task="ms_1")))
    assert r"\label{tab:rgb2nir}" in text and r"\label{tab:ms1}" in text
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") == 2


def test_rules_part_methods_floors_and_papers() -> None:
    text = latex(result_of(small())).split(r"\par\medskip")[0]
    assert [text.count(rule) for rule in (r"\toprule", r"\midrule", r"\bottomrule")] == [1, 3, 1]


def test_the_caption_states_the_protocol() -> None:
    text = latex(made(row("a", {"psnr": psnr(2.0, spread=1.0)}, cost=cost())))
    assert r"\caption{rgb2nir on pairs (48 train, 16 test pairs); preset tiny;" in text
    assert r"Mean [95 \% interval].}" in text and r"on cpu at 64$\times$64 (made)." in text


DIGIT = 4.25, 3.98
"""Points of a digit of Computer Modern in footnotesize and in scriptsize."""
GAP, LINE = 12.0, 345.0
"""Between two columns, and of a line of `article`, in points."""


def wide(table: list[list[str]]) -> float:
    """A table as if each letter were a digit: of a cell, what stands in brackets or behind ± is in the smaller type."""
    columns = zip(*[line for line in table if len(line) == len(table[0])], strict=True)
    return sum(max(map(_points, column)) + GAP for column in columns)


def _points(cell: str) -> float:
    small = "".join(part[0] for part in re.finditer(r" \[.*?\]| ±\S+", cell))
    return (len(cell) - len(small)) * DIGIT[0] + len(small) * DIGIT[1]


def many(metrics: int, methods: int = 3) -> list[dict[str, Any]]:
    means = [{f"metric_{at}": psnr(10.0 + at, spread=0.5) for at in range(metrics)} for _ in range(methods)]
    return [row(f"method {at}", scores, cost=cost()) for at, scores in enumerate(means)]


@pytest.mark.parametrize("metrics", [1, 2, 3, 5, 12])
def test_however_many_columns_no_table_is_wider_than_a_line_and_none_is_lost(metrics: int) -> None:
    rows = many(metrics)
    tables = tables_of(*rows)
    assert all(wide(table) <= LINE for table in tables)
    shown = [cell.split()[0] for table in tables for cell in table[0][1:]]
    assert [name for name in shown if name.startswith("metric_")] == list(rows[0]["scores"])
    assert all([line[0] for line in table[1:]] == [one["method"] for one in rows] for table in tables)


def test_tables_that_are_too_many_for_a_page_are_continued_on_the_next() -> None:
    text = latex(made(*many(8, methods=20)))
    floats = text.split(r"\begin{table}")[1:]
    assert len(floats) > 1 and all(r"\end{table}" in one for one in floats)
    assert [one.count(r"\caption{continued: rgb2nir}") for one in floats] == [0, *[1] * (len(floats) - 1)]
    assert all(one.count(r" \\") <= 50 for one in floats)
    labels = re.findall(r"\\label\{(.*?)\}", text)
    assert labels[:2] == ["tab:rgb2nir", "tab:rgb2nir-2"] and len(set(labels)) == len(labels)
    assert ["Signatures:" in one for one in floats] == [*[False] * (len(floats) - 1), True]


def test_a_name_that_leaves_no_room_stands_with_one_column_at_a_time() -> None:
    tables = tables_of(row("x" * 90, {"psnr": psnr(1.0), "mae": mae(2.0)}))
    assert [table[0] for table in tables] == [["method", "psnr ↑ (dB)"], ["method", "mae ↓ (DN)"]]


@pytest.mark.parametrize(
    "wrong",
    [
        r"\begin{tabular}{l}a_b\\\end{tabular}",
        r"\begin{tabular}{l}a&b#\\\end{tabular}",
        r"\begin{tabular}{l}{a\\\end{tabular}",
        r"\begin{tabular}{l}a\\[x]\\\end{tabular}",
        r"\begin{tabular}{l}a--b\\\end{tabular}",
        r"\begin{tabular}{l}\input{x}\\\end{tabular}",
        r"\begin{tabular}{l}\textless b\\\end{tabular}",
        r"\begin{tabular}{l}$a\\\end{tabular}",
        r"\begin{tabular}{l}é\\\end{tabular}",
        r"\begin{tabular}{l}a\\",
        r"\begin{table}\begin{tabular}{l}a\\\end{table}\end{tabular}",
    ],
)
def test_the_strict_reader_is_strict(wrong: str) -> None:
    with pytest.raises(Fault):
        compiled(wrong)
