"""`spectra run` as it is typed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from spectra.cli.main import main
from tests.pair_folders import tree, write_data, write_recipe


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a recipe and pairs, and the shell is in it."""
    write_data(tmp_path / "pairs")
    write_recipe(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def spectra(*words: Any) -> Result:
    return CliRunner().invoke(main, ["run", *map(str, words)])


def test_it_tells_the_table_and_where_the_report_is(work: Path) -> None:
    done = spectra("small.yaml", "--data", "pairs")
    assert done.exit_code == 0, done.output
    assert "rgb2ir on pairs (4 train, 3 test pairs)" in done.stdout and "linear *" in done.stdout
    assert done.stdout.endswith(f"Report: {Path('runs/small/report.html')}\n")
    assert (work / "runs/small/report.html").is_file() and done.stderr == ""


def test_a_second_time_it_says_that_all_is_done_and_what_to_do(work: Path) -> None:
    spectra("small.yaml", "--data", "pairs", "--out", "mine")
    before = tree(work)
    again = spectra("small.yaml", "--data", "pairs", "--out", "mine")
    assert again.exit_code == 0 and "Already done: mine" in again.stderr and "--fresh" in again.stderr
    assert "linear *" in again.stdout
    assert tree(work) == before
    other = spectra("small.yaml", "--data", "pairs", "--out", "mine", "--seed", "3")
    assert other.exit_code == 1 and "--fresh" in other.stderr and "Traceback" not in other.output
    fresh = spectra("small.yaml", "--data", "pairs", "--out", "mine", "--seed", "3", "--fresh")
    assert fresh.exit_code == 0 and (work / "mine.old1/metrics.json").is_file()


def test_json_is_all_there_is_on_standard_output(work: Path) -> None:
    words = ("small.yaml", "--data", "pairs", "--json")
    plan, first, again = spectra(*words, "--dry-run"), spectra(*words), spectra(*words)
    assert json.loads(plan.stdout)["methods"] == ["graydef"]
    assert json.loads(first.stdout) == json.loads(again.stdout)
    assert json.loads(first.stdout) == json.loads((work / "runs/small/metrics.json").read_text("utf-8"))


def test_a_dry_run_changes_nothing_and_finds_the_same_faults(work: Path) -> None:
    before = tree(work)
    done = spectra("small.yaml", "--data", "pairs", "--dry-run")
    assert done.exit_code == 0 and "Nothing was done. The plan:" in done.stdout
    assert "folder: runs/small" in done.stdout and "floors: copy, inverse, constant, linear" in done.stdout
    assert spectra("small.yaml", "--data", "nowhere", "--dry-run").exit_code == 1
    assert spectra("small.yaml", "--data", "pairs", "--out", "pairs", "--dry-run").exit_code == 1
    assert tree(work) == before


def test_a_dry_run_finds_a_term_that_no_step_has_in_a_recipe_and_in_a_suite(work: Path) -> None:
    text = "task: rgb2ir\ntranslator: pix2pixhd\npreset: tiny\nsettings: {width: 4}\nweights: {generator: {%s: 1}}\n"
    told = "No term of the player 'generator' is named 'matchin'. Did you mean 'matching'?"
    for name, term in (("good", "matching"), ("bad", "matchin")):
        write_recipe(work, text % term, f"{name}.yaml")
        write_recipe(work, f"recipes: [{name}.yaml]\n", f"{name}_suite.yaml")
    before = tree(work)
    for suffix in (".yaml", "_suite.yaml"):
        good, bad = (spectra(f"{name}{suffix}", "--data", "pairs", "--dry-run") for name in ("good", "bad"))
        assert good.exit_code == 0, good.output
        assert bad.exit_code == 1 and told in bad.stderr and bad.stdout == ""
    assert tree(work) == before


def test_set_preset_and_seed_reach_the_run(work: Path) -> None:
    words = ("--preset", "rgb2ir", "--set", "settings.factor=1.4", "--set", "evaluate.samples=0", "--seed", "7")
    assert spectra("small.yaml", "--data", "pairs", *words).exit_code == 0
    text = (work / "runs/small/recipe.yaml").read_text("utf-8")
    assert "factor: 1.4" in text and "samples: 0" in text and "seed: 7" in text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["none.yaml"], "none.yaml"),
        (["small.yaml", "--data", "pears"], "pears"),
        (["small.yaml", "--data", "small.yaml"], "small.yaml"),
        (["small.yaml", "--device", "quantum"], "no device 'quantum'"),
        (["small.yaml", "--preset", "rgb2irr"], "Did you mean 'rgb2ir'?"),
        (["small.yaml", "--set", "train.stepps=3"], "Did you mean 'steps'?"),
        (["small.yaml", "--set", "nothing"], "PATH=VALUE"),
        (["small.yaml", "--data", "pairs", "--set", "data.test=tests"], "no split 'tests'. Did you mean 'test'?"),
        (["small.yaml", "--data", "pairs", "--out", "pairs"], "is not a run"),
        (["small.yaml", "--data", "pairs", "--set", "data.source.folder=irr"], "no modality 'irr'. Did you mean 'ir'?"),
    ],
)
def test_a_mistake_ends_in_one_clear_message_and_writes_nothing(work: Path, words: list[str], told: str) -> None:
    before = tree(work)
    done = spectra(*words)
    assert done.exit_code == 1 and told in done.stderr and "Traceback" not in done.output
    assert done.stdout == "" and tree(work) == before


def test_an_output_that_begins_with_a_dash_is_an_output(work: Path) -> None:
    assert spectra("--data", "pairs", "--out=-mine", "--", "small.yaml").exit_code == 0
    assert (work / "-mine/metrics.json").is_file()


WITHOUT_TORCH = """
import sys
from spectra.cli.main import main
try:
    main(["run", "--help"])
except SystemExit:
    print("torch" in sys.modules)
"""


def test_help_shows_examples_without_torch() -> None:
    command = [sys.executable, "-c", WITHOUT_TORCH]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert "spectra run recipes/pbvs_rgb2ir.yaml" in told and told.endswith("False\n")
