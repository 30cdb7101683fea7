"""`bench.csv`: every number with every digit, a line a row and metric."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from spectra.bench.results import result_of
from spectra.bench.results.bench_csv import HEADER, bench_csv
from spectra.bench.results.csv_text import csv_text
from tests.bench.made_results import cost, made, mae, psnr, row, small

GOLDEN = Path(__file__).parent / "golden"


def lines_of(*rows: dict[str, Any]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(bench_csv(made(*rows)), newline="")))


def test_all_of_a_bench() -> None:
    assert bench_csv(result_of(small())).encode() == (GOLDEN / "bench.csv").read_bytes()


def test_each_row_and_metric_has_a_line_best_first() -> None:
    rows = [row("a", {"psnr": psnr(1.0), "mae": mae(2.0)}), row("b", {"psnr": psnr(3.0)}), row("c", error="why")]
    found = lines_of(*rows, row("d", {"psnr": psnr(0.0)}, task="sar2eo"))
    assert [(line["task"], line["method"], line["metric"]) for line in found] == [
        ("rgb2nir", "b", "psnr"),
        ("rgb2nir", "a", "psnr"),
        ("rgb2nir", "a", "mae"),
        ("rgb2nir", "c", ""),
        ("sar2eo", "d", "psnr"),
    ]
    assert found[3]["reason"] == "why" and found[3]["mean"] == ""


def test_every_field_stands_in_its_own_column() -> None:
    said = psnr(0.1 + 0.2, low=0.25, high=0.375, seed_sd=0.125, best=True, reason="r", n=7)
    [line] = lines_of(row("a|\n<b>", {"psnr": said}, seeds=[3, 4], kind="model", cost=cost(note="n")))
    assert {key: line[key] for key in ("method", "kind", "preset", "seeds", "mean", "low", "high", "n")} == {
        "method": "a|\n<b>",
        "kind": "model",
        "preset": "tiny",
        "seeds": "3 4",
        "mean": "0.30000000000000004",
        "low": "0.25",
        "high": "0.375",
        "n": "7",
    }
    assert (line["seed_sd"], line["best"], line["tied"], line["reason"]) == ("0.125", "true", "false", "r")
    assert (line["parameters"], line["peak_mb"], line["device"], line["size"]) == ("45593347", "512.25", "cpu", "64x64")
    assert (line["better"], line["unit"]) == ("higher", "dB") and line["signature"].startswith("psnr|range:unit|")


def test_the_columns_are_those_that_are_promised() -> None:
    assert ",".join(HEADER) == (
        "task,method,kind,preset,seeds,steps,metric,mean,low,high,n,unit,better,seed_sd,best,tied,signature,reason,"
        "parameters,gflop,latency_ms,latency_p95_ms,images_per_s,peak_mb,train_s,device,size"
    )


def test_a_method_without_costs_has_empty_cells() -> None:
    [line] = lines_of(row("a", {"psnr": psnr(1.0)}))
    assert [line[key] for key in ("parameters", "gflop", "train_s", "device", "size", "seed_sd", "low")] == [""] * 7


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=2), max_size=4))
@settings(max_examples=100, deadline=None)
def test_any_text_in_a_cell_is_read_again(lines: list[list[str]]) -> None:
    assert list(csv.reader(io.StringIO(csv_text(lines), newline=""), strict=True)) == lines
