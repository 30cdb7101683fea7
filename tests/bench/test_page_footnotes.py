"""Footnotes of a page and its table of costs: what is said of many is said once."""

from __future__ import annotations

from typing import Any

from spectra.bench.page.columns import columns_of
from spectra.bench.page.costs import cost_table
from spectra.bench.page.footnotes import Footnotes

WHOLE = "no interval: that of a whole set comes from several seeds"


def test_remarks_on_a_metric_and_its_parts_are_said_once_each() -> None:
    notes = Footnotes()
    marks = [notes.mark(f"swd: {WHOLE}; level 64: 3 of 4 images"), notes.mark(f"swd.16: {WHOLE}")]
    marks += [notes.mark(f"swd.64: {WHOLE}"), notes.mark(f"fid: {WHOLE}"), notes.mark("Resized.")]
    assert marks == ["a b", "a", "a", "a", "c"]
    assert notes.lines == [
        ("a", f"swd and its parts, fid: {WHOLE}"),
        ("b", "swd: level 64: 3 of 4 images"),
        ("c", "Resized."),
    ]


def test_a_reason_against_a_score_stays_whole() -> None:
    notes = Footnotes()
    why = "needs alexnet; run: spectra weights fetch alexnet"
    assert [notes.mark(f"{name} is not scored: {why}") for name in ("lpips", "dists")] == ["a", "a"]
    assert notes.lines == [("a", f"lpips, dists are not scored: {why}")]
    assert Footnotes().mark(f"lpips is not scored: {why}") == "a"


def score(mean: float, low: float | None = None, **said: Any) -> dict[str, Any]:
    about = {"n": 5, "unit": "K", "better": "lower", "signature": "swd|range:unit", "reason": ""}
    return {"mean": mean, "low": low, "high": low, **about, **said}


def test_a_best_without_a_test_is_known() -> None:
    rows: Any = [{"kind": "model", "scores": {"swd": score(1.0, best=True), "mae": score(1.0, 0.5, best=True)}}]
    assert [column.bare for column in columns_of(rows)] == [True, False]
    rows.append({"kind": "model", "scores": {"swd": score(1.1, tied=True)}})
    assert [column.bare for column in columns_of(rows)] == [False, False]


def test_columns_in_the_unit_of_the_target_are_known() -> None:
    rows: Any = [{"kind": "model", "scores": {"swd": score(1.0), "mae": score(1.0, signature="mae|range:target-unit")}}]
    assert [column.in_unit for column in columns_of(rows)] == [False, True]


def costing(method: str, note: str, **said: Any) -> Any:
    cost = {"latency_ms": 1234.5, "train_s": 0.1, "note": note, "device": "cpu", "size": [8, 8]}
    return {"method": method, "kind": "translator", "seeds": [0], "cost": cost, **said}


def test_notes_of_all_costs_are_said_below_the_table() -> None:
    rows = [
        costing("a", "latency: batch 1, 59 calls; 1 thread; buffers: 7"),
        costing("b", "latency: batch 1, 8 calls; 1 thread"),
    ]
    table = cost_table(rows)
    assert table is not None and table.shared == "latency: batch 1, 8 to 59 calls; 1 thread"
    assert table.footnotes == (("a", "buffers: 7"),) and [line.marks for line in table.lines] == [("a",), ()]


def test_a_latency_has_three_figures_and_what_was_not_trained_no_time() -> None:
    table = cost_table([costing("a", ""), costing("fitted", "", seeds=[])])
    assert table is not None
    assert [[cell.text for cell in line.cells] for line in table.lines] == [["1230", "0.100"], ["1230", "–"]]
    ready = cost_table([costing("fitted", "", seeds=[])])
    assert ready is not None and [column.key for column in ready.columns] == ["latency_ms"]
