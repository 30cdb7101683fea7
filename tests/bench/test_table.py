"""The table of a run as text."""

from __future__ import annotations

from typing import Any

import pytest

from spectra.bench.table import cell, decimals, markdown_table, rows_of, text_table


def score(
    value: float | None, *, spread: float | None = 1.0, better: str = "higher", unit: str = "dB"
) -> dict[str, Any]:
    low, high = (None, None) if value is None or spread is None else (value - spread, value + spread)
    reason = "needs weights" if value is None else ""
    return {"mean": value, "low": low, "high": high, "n": 3, "unit": unit, "better": better, "reason": reason}


def metrics(**methods: tuple[bool, dict[str, Any]]) -> dict[str, Any]:
    said = {name: {"floor": floor, "notes": [], "scores": scores} for name, (floor, scores) in methods.items()}
    return {"task": "rgb2ir", "data": {"origin": "pairs"}, "notes": [], "methods": said}


def test_the_best_method_stands_first_and_floors_are_marked() -> None:
    found = metrics(
        worst=(False, {"psnr": score(10.0)}), floor=(True, {"psnr": score(30.0)}), none=(False, {"psnr": score(None)})
    )
    header, cells = rows_of(found)
    assert header == ["method", "psnr ↑ dB"]
    assert [row[0] for row in cells] == ["floor *", "worst", "none"]
    lower = metrics(a=(False, {"mae": score(2.0, better="lower")}), b=(False, {"mae": score(1.0, better="lower")}))
    assert [row[0] for row in rows_of(lower)[1]] == ["b", "a"] and rows_of(lower)[0][1] == "mae ↓ dB"


@pytest.mark.parametrize(
    ("value", "spread", "text"),
    [
        (18.44444, 1.0, "18.44 [17.44, 19.44]"),
        (0.5, 0.25, "0.500 [0.250, 0.750]"),
        (0.01234567, 0.001, "0.01235 [0.01135, 0.01335]"),
        (12345.6, 100.0, "12346 [12246, 12446]"),
        (0.0, 0.0, "0.000 [0.000, 0.000]"),
        (18.0, None, "18.00"),
        (None, None, "not scored"),
    ],
)
def test_a_cell_shows_about_four_figures_and_its_interval(value: float | None, spread: float | None, text: str) -> None:
    found = score(value, spread=spread)
    assert cell(found, decimals(metrics(a=(False, {"psnr": found})), "psnr")) == text


def test_a_column_has_as_many_decimals_everywhere() -> None:
    found = metrics(a=(False, {"psnr": score(18.44)}), b=(True, {"psnr": score(8.18612)}))
    assert [row[1].split()[0] for row in rows_of(found)[1]] == ["18.44", "8.19"]


def test_the_text_is_aligned_and_tells_the_notes() -> None:
    found = metrics(
        a=(False, {"psnr": score(10.0), "ssim": score(0.5, unit="")}),
        longer=(True, {"psnr": score(9.0), "ssim": score(0.4, unit="")}),
    )
    found["notes"] = ["The floor 'x' does not support rgb2ir."]
    found["methods"]["a"]["notes"] = ["resized."]
    lines = text_table(found).splitlines()
    assert lines[0] == "rgb2ir on pairs"
    assert lines[3].index("psnr") == lines[4].index("10.00") == lines[5].index("9.00")
    assert lines[3].index("ssim") == lines[4].index("0.500")
    assert lines[-2:] == ["Note: The floor 'x' does not support rgb2ir.", "Note: a: resized."]


def test_markdown_has_a_column_for_each_metric_whatever_the_names() -> None:
    lines = markdown_table(metrics(**{"a|b": (False, {"psnr": score(10.0)})})).splitlines()
    assert lines == ["| method | psnr ↑ dB |", "| --- | --- |", "| a\\|b | 10.00 [9.00, 11.00] |"]


def test_a_missing_score_is_explained_once_below_the_table() -> None:
    lacking = score(None)
    both = {"psnr": lacking, "ssim": lacking}
    text = text_table(metrics(a=(False, both), b=(True, both)))
    assert text.count(lacking["reason"]) == 1
    assert f"Note: psnr, ssim: {lacking['reason']}" in text
