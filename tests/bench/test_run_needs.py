"""`spectra run` of recipes that need others."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

import spectra
from spectra.bench.run import run
from spectra.cli.main import main
from spectra.errors import RecipeError, SpectraError
from spectra.recipe.load import load_experiment
from tests.pair_folders import tree, write_recipe

SCENES = "data: {scenes: {size: 32, train: 2, test: 1}}\nevaluate: {metrics: [mae], floors: [constant], samples: 0}\n"
CHAIN = "task: rgb2ir\ntranslator:\n  chain:\n    - recipe: recipes/base.yaml\n    - {translator: copy}\n" + SCENES


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recipe that others need, in a folder below them, and a chain of it."""
    (tmp_path / "recipes").mkdir()
    write_recipe(tmp_path / "recipes", f"task: rgb2ir\ntranslator: graydef\n{SCENES}", "base.yaml")
    write_recipe(tmp_path, CHAIN, "top.yaml")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def command(*words: str) -> Result:
    return CliRunner().invoke(main, ["run", *words])


def test_what_is_needed_is_carried_out_first_beside_the_run_and_then_reused(work: Path) -> None:
    assert command("top.yaml").exit_code == 0
    assert sorted(path.name for path in (work / "runs").iterdir() if path.is_dir()) == ["base", "top"]
    before = tree(work / "runs" / "base")
    assert command("top.yaml", "--fresh").exit_code == 0
    assert tree(work / "runs" / "base") == before and (work / "runs" / "top.old1").is_dir()


def test_a_preset_reaches_the_need_through_a_recipe_that_does_not_know_it(work: Path) -> None:
    assert command("top.yaml", "--preset", "sar2ir", "--out", "out/top").exit_code == 0
    said = json.loads((work / "out/base/model/model.json").read_text())
    assert said["settings"]["factor"] == 1.15
    assert "No preset of" in command("top.yaml", "--preset", "unknown", "--out", "out2/top").stderr


def test_the_models_that_a_run_is_made_from_are_a_part_of_what_it_is(work: Path) -> None:
    command("top.yaml")
    command("recipes/base.yaml", "--preset", "sar2ir", "--fresh")
    told = command("top.yaml").stderr
    assert "recipes/base.yaml, which is needed first" in told and "another recipe or other settings" in told
    write_recipe(work / "recipes", f"task: rgb2ir\ntranslator: graydef\npreset: sar2ir\n{SCENES}", "base.yaml")
    assert "the models that it begins with have changed" in command("top.yaml").stderr
    assert command("top.yaml", "--fresh").exit_code == 0


def test_a_dry_run_names_what_is_needed_and_does_nothing(work: Path) -> None:
    before = tree(work)
    assert "needs: recipes/base.yaml" in command("top.yaml", "--dry-run").stdout
    assert json.loads(command("top.yaml", "--dry-run", "--json").stdout)["needs"] == ["recipes/base.yaml"]
    assert tree(work) == before


def test_the_resolved_recipe_of_a_run_stands_for_the_same(work: Path) -> None:
    first = run("top.yaml", out="out/top")
    os.chdir("/")
    again = run(first_recipe := work / "out/top/recipe.yaml", out=work / "out/top")
    assert again.done_before and again.metrics == first.metrics
    assert yaml.safe_load(first_recipe.read_text())["settings"]["links"][0]["recipe"] == str(work / "recipes/base.yaml")


def test_the_saved_chain_needs_nothing_any_more(work: Path) -> None:
    folder = run("top.yaml").folder
    assert spectra.load(folder).translator.settings.links[0].translator.endswith("graydef")


def test_paths_are_relative_to_the_file_that_says_them(work: Path) -> None:
    (work / "deeper").mkdir()
    write_recipe(work / "deeper", "extends: ../top.yaml\n", "own.yaml")
    (recipe,) = load_experiment(work / "deeper" / "own.yaml").recipes
    assert Path(recipe.settings["links"][0]["recipe"]).resolve() == work / "recipes" / "base.yaml"
    write_recipe(work, f"task: rgb2ir\ntranslator: copy\ninit_from: recipes/base.yaml\n{SCENES}", "begun.yaml")
    write_recipe(work / "deeper", "extends: ../begun.yaml\n", "own.yaml")
    (recipe,) = load_experiment(work / "deeper" / "own.yaml").recipes
    assert recipe.init_from is not None and recipe.init_from.recipe is not None
    assert recipe.init_from.recipe.resolve() == work / "recipes" / "base.yaml"
    write_recipe(work, f"task: rgb2ir\ntranslator: copy\ninit_from: {{run: runs/base}}\n{SCENES}", "begun.yaml")
    (recipe,) = load_experiment(work / "deeper" / "own.yaml").recipes
    assert recipe.init_from is not None and recipe.init_from.run is not None
    assert recipe.init_from.run.resolve() == work / "runs" / "base"


@pytest.mark.parametrize(
    ("translator", "told"),
    [
        ("{chains: []}", "top.yaml:2:1: translator: should be"),
        ("{chain: [{recip: a.yaml}]}", "top.yaml:2:23: settings.links.0.recip: there is no such key. Did you mean"),
        ("3", "translator"),
        ("[chain]", "translator"),
    ],
)
def test_a_wrong_chain_is_told_where_it_stands(work: Path, translator: str, told: str) -> None:
    write_recipe(work, f"task: rgb2ir\ntranslator: {translator}\n", "top.yaml")
    with pytest.raises(RecipeError) as caught:
        load_experiment("top.yaml")
    assert told in str(caught.value)


def test_a_circle_is_refused_before_anything_is_done(work: Path) -> None:
    write_recipe(work / "recipes", f"task: rgb2ir\ntranslator: graydef\ninit_from: ../top.yaml\n{SCENES}", "base.yaml")
    before = tree(work)
    with pytest.raises(SpectraError, match="in a circle"):
        run("top.yaml")
    assert tree(work) == before
