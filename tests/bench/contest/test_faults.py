"""Metrics and floors that raise: a cell or a row with its reason, and all else as if they were not there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from spectra.bench.results.terminal import text_table
from spectra.bench.run import run
from spectra.cli.main import main
from tests.bench.contest.benches import carry_out, image_scores, rows
from tests.pair_folders import write_data, write_recipe
from tests.plugin_packages import PluginPackages

CODE = """
import numpy as np
from spectra import Metric, Score, Translator

class Sound(Metric):
    api_version = 1
    better = "lower"
    @property
    def signature(self):
        return "sound|v1"
    def __init__(self, settings):
        super().__init__(settings)
        self.values = []
    def update(self, item):
        self.values.append((item.prediction - item.target).abs().mean())
        return self.values[-1]
    def merge(self, other):
        self.values += other.values
    def result(self):
        return Score(np.float32(np.mean(self.values)), None, None, np.int64(len(self.values)), "", "lower", "sound|v1")

class AtOnce(Sound):
    api_version = 1
    def __init__(self, settings):
        raise RuntimeError("in init")

class Unsigned(Sound):
    api_version = 1
    @property
    def signature(self):
        raise RuntimeError("in signature")

class AtTheSecond(Sound):
    api_version = 1
    def update(self, item):
        if self.values:
            raise KeyError("in update")
        return super().update(item)

class AtTheEnd(Sound):
    api_version = 1
    def result(self):
        raise ZeroDivisionError("in result")

class InItsTerms(Sound):
    api_version = 1
    def parts(self):
        raise ValueError("in parts")

class Wordy(Sound):
    api_version = 1
    def result(self):
        return 3

class OfOne(Sound):
    api_version = 1
    def update(self, item):
        if item.prediction.std() < 1e-6:
            raise ValueError("a flat image")
        return super().update(item)

class TermsOfOne(OfOne):
    api_version = 1
    def parts(self):
        return {"half": self.result()}

class Unfit(Translator):
    api_version = 1
    def fit(self, pairs):
        raise RuntimeError("in fit")
    def forward(self, source):
        return source[:, :1]

class Speechless(Translator):
    api_version = 1
    ready = True
    def forward(self, source):
        raise RuntimeError("in forward")

class Unmade(Translator):
    api_version = 1
    ready = True
    def __init__(self, task, settings):
        raise RuntimeError("in making")
    def forward(self, source):
        return source[:, :1]
"""
METRICS = {
    "atonce": "RuntimeError: in init",
    "unsigned": "RuntimeError: in signature",
    "atthesecond": "KeyError: 'in update'",
    "attheend": "ZeroDivisionError: in result",
    "initsterms": "ValueError: in parts",
    "wordy": "TypeError: its result is 3",
}
CLASSES = ("Sound", "AtOnce", "Unsigned", "AtTheSecond", "AtTheEnd", "InItsTerms", "Wordy", "OfOne", "TermsOfOne")
FLOORS = {"unfit": "RuntimeError: in fit", "speechless": "RuntimeError: in forward", "unmade": "in making"}


@pytest.fixture
def broken(plugin_packages: PluginPackages) -> Iterator[PluginPackages]:
    entries = {
        "metrics": {name.lower(): f"broken:{name}" for name in CLASSES},
        "translators": {name: f"broken:{name.title()}" for name in FLOORS},
    }
    plugin_packages.add("broken", entries, CODE)
    yield plugin_packages
    plugin_packages.forget()


def test_a_metric_that_raises_is_not_scored_and_the_others_are(
    broken: PluginPackages, folder: Path, tmp_path: Path
) -> None:
    """Wherever it raises; what it had said of images before counts for nothing."""
    root, heard = write_data(tmp_path / "pairs"), list[str]()
    done = carry_out(folder, "graydef", data=str(root), metrics=("psnr", *METRICS, "sound", "ofone"), heard=heard)
    assert done.failed == [*(f"metric {name} (rgb2ir)" for name in METRICS), "metric ofone (rgb2ir)"]
    found = rows(done)
    for method in ("graydef", "copy", "linear"):
        scores = found[method]["scores"]
        for name, reason in METRICS.items():
            assert scores[name]["mean"] is None and reason in scores[name]["reason"], name
            assert scores[name]["reason"].startswith("not scored: ") and scores[name]["better"] == "lower"
        assert isinstance(scores["psnr"]["mean"], float)
        assert scores["sound"]["mean"] == pytest.approx(sum(image_scores(done, method, "sound").values()) / 3)
    assert found["constant"]["scores"]["ofone"]["mean"] is None, "it fails on a flat prediction alone"
    assert found["graydef"]["scores"]["ofone"]["mean"] == found["graydef"]["scores"]["sound"]["mean"]
    lines = (folder / "scores.csv").read_text("utf-8").splitlines()
    place = lines[0].split(",").index("atthesecond")
    assert all(not line.split(",")[place] for line in lines[1:])
    table = text_table(done.result)
    assert "not scored(" in table and "RuntimeError: in init" in table
    trace = folder / "kept" / "metric-attheend-rgb2ir.error.txt"
    assert "in result" in trace.read_text("utf-8") and any(str(trace) in text for text in heard)


def test_a_floor_that_raises_is_a_row_with_its_reason(broken: PluginPackages, folder: Path, tmp_path: Path) -> None:
    root = write_data(tmp_path / "pairs")
    recipe = write_recipe(
        tmp_path, f"task: rgb2ir\ntranslator: graydef\nevaluate: {{floors: [copy, {', '.join(FLOORS)}]}}\n"
    )
    done = carry_out(folder, str(recipe), data=str(root))
    found = rows(done)
    assert done.failed == [f"{name} (rgb2ir)" for name in ("unfit", "unmade", "speechless")]
    for name, reason in FLOORS.items():
        assert found[name]["kind"] == "floor" and reason in found[name]["error"] and found[name]["scores"] == {}
    for name in ("small", "copy"):
        assert found[name]["error"] is None and found[name]["scores"]["psnr"]["n"] == 3
    assert "failed(" in text_table(done.result)
    again = run(recipe, data=root, out=tmp_path / "run")
    assert list(again.methods) == ["graydef", "copy"]
    told = [note for note in again.metrics["notes"] if "failed" in note]
    assert len(told) == 3 and all(any(reason in note for note in told) for reason in FLOORS.values())


def test_whoever_enters_by_the_name_of_a_floor_that_fails_has_one_row(
    broken: PluginPackages, folder: Path, tmp_path: Path
) -> None:
    recipe = write_recipe(tmp_path, "task: rgb2ir\ntranslator: graydef\nevaluate: {floors: [unfit]}\n")
    found = carry_out(folder, str(recipe), "unfit", data=str(write_data(tmp_path / "pairs"))).result.rows
    assert [(row.method, row.kind, row.error is None) for row in found] == [
        ("small", "recipe", True),
        ("unfit", "translator", False),
    ]


def test_the_exit_code_says_that_a_metric_failed(broken: PluginPackages, tmp_path: Path) -> None:
    root = write_data(tmp_path / "pairs")
    words = ["bench", "--methods", "graydef", "--tasks", "rgb2ir", "--data", str(root), "--no-cost"]
    done = CliRunner().invoke(main, [*words, "--metrics", "psnr,attheend", "--out", str(tmp_path / "bench")])
    assert done.exit_code == 1 and "Failed: metric attheend (rgb2ir)" in done.output
    assert (tmp_path / "bench" / "report.html").is_file()


def spectra_run(tmp_path: Path, *words: str, evaluate: str) -> Result:
    root = tmp_path / "pairs"
    if not root.exists():
        write_data(root)
    recipe = write_recipe(tmp_path, f"task: rgb2ir\ntranslator: graydef\nevaluate: {{{evaluate}}}\n")
    out = str(tmp_path / "run")
    return CliRunner().invoke(main, ["run", str(recipe), "--data", str(root), "--out", out, *words])


def test_a_run_with_a_metric_that_failed_ends_with_its_name_and_exit_code_1(
    broken: PluginPackages, tmp_path: Path
) -> None:
    evaluate = "metrics: [psnr, attheend], floors: [copy, unfit]"
    last = "Failed: unfit (rgb2ir), metric attheend (rgb2ir). The table says why."
    done = spectra_run(tmp_path, evaluate=evaluate)
    assert done.exit_code == 1 and done.stderr.splitlines()[-1] == last
    assert "not scored: ZeroDivisionError: in result" in done.stdout and "'unfit' failed: RuntimeError" in done.stdout
    again = spectra_run(tmp_path, "--json", evaluate=evaluate)
    assert again.exit_code == 1 and again.stderr.splitlines()[-1] == last and "Already done" in again.stderr
    assert json.loads(again.stdout)["failed"] == ["unfit (rgb2ir)", "metric attheend (rgb2ir)"]
    whole = spectra_run(tmp_path, "--fresh", "--json", evaluate="metrics: [psnr, sound], floors: [copy]")
    assert (whole.exit_code, json.loads(whole.stdout)["failed"]) == (0, [])


def test_a_run_of_which_one_method_alone_has_no_terms_of_a_metric_has_its_table(
    broken: PluginPackages, tmp_path: Path
) -> None:
    done = spectra_run(tmp_path, evaluate="metrics: [termsofone], floors: [constant, copy]")
    assert done.exit_code == 1 and "Failed: metric termsofone (rgb2ir)." in done.stderr, done.output


def test_a_suite_with_a_run_in_which_a_metric_failed_names_both(broken: PluginPackages, tmp_path: Path) -> None:
    write_recipe(tmp_path, "task: rgb2ir\ntranslator: graydef\nevaluate: {metrics: [attheend, mae], floors: []}\n")
    suite = write_recipe(tmp_path, "recipes: [small.yaml]\n", "suite.yaml")
    words = [str(suite), "--data", str(write_data(tmp_path / "pairs")), "--out", str(tmp_path / "runs")]
    done = CliRunner().invoke(main, ["run", *words])
    assert done.exit_code == 1 and "small.yaml: metric attheend (rgb2ir)." in done.stderr.splitlines()[-1]
