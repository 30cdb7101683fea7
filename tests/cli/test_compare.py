"""`spectra compare` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from spectra.cli.main import main
from tests.bench.statistics.bench_folders import write_bench

OURS, THEIRS = [30.0, 31.5, 29.0, 35.5, 33.0, 28.0, 30.5], [28.5, 30.0, 28.0, 33.0, 31.5, 27.5, 29.0]


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shell is in a folder with two benches."""
    write_bench(tmp_path / "a", {"m": {"psnr": [OURS], "mae": [OURS]}})
    write_bench(tmp_path / "b", {"m": {"psnr": [THEIRS], "mae": [THEIRS]}, "n": {"psnr": [OURS], "mae": [OURS]}})
    write_bench(tmp_path / "other", {"m": {"psnr": [OURS]}}, identity="other")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def spectra(*words: Any) -> Result:
    return CliRunner().invoke(main, ["compare", *map(str, words)])


def test_it_tells_differences_and_who_is_better(work: Path) -> None:
    done = spectra("a", "b")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[:2] == ["A: a", "B: b"] and "rgb2nir" in lines
    (line,) = [line for line in lines if line.startswith("m ") and " psnr " in line]
    assert "+1.429 [" in line and " 0.0156 " in line and " A " in line  # 2 of 128 flips
    assert "Note: Only in B: the method n of rgb2nir." in lines


def test_json_is_all_there_is_on_standard_output(work: Path) -> None:
    said = json.loads(spectra("a", "b", "--json", "--metric", "psnr").stdout)
    assert (said["a"], said["b"]) == ("a", "b") and "Holm" in said["test"]
    (row,) = said["rows"]
    assert row["difference"] == pytest.approx(10 / 7) and row["p"] == row["p_holm"] == 2 / 128
    assert row["low"] < row["difference"] < row["high"] and (row["n"], row["clusters"]) == (7, 7)


def test_methods_and_metrics_are_chosen(work: Path) -> None:
    said = json.loads(spectra("a", "b", "--json", "--metric", "mae", "--method", "m=n").stdout)
    assert [(row["a"], row["b"], row["metric"], row["difference"]) for row in said["rows"]] == [("m", "n", "mae", 0)]
    wrong = spectra("a", "b", "--metric", "psn")
    assert wrong.exit_code == 1 and "Did you mean 'psnr'?" in wrong.stderr and wrong.stdout == ""


def test_where_nothing_could_be_compared_the_exit_code_says_so(work: Path) -> None:
    refused = spectra("a", "other")
    assert refused.exit_code == 1 and "Not compared: rgb2nir, psnr of m: the test data differs." in refused.stdout
    assert spectra("a", "other", "--by-name").exit_code == 0


def test_a_folder_that_is_none_is_named_without_a_traceback(work: Path) -> None:
    wrong = spectra("a", "nowhere")
    assert wrong.exit_code == 1 and wrong.stderr.startswith("Error: 'nowhere' is no folder")


def test_help_shows_examples() -> None:
    text = spectra("--help").stdout
    assert "spectra compare runs/small runs/large --method pix2pixhd=pix2pixhd_large --json" in text
