"""Chains as a recipe writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from spectra.errors import RecipeError
from spectra.recipe.links import link_of, unfolded
from spectra.recipe.load import load_experiment, load_recipe

HEAD = "task: rgb2ir\n"


def written(folder: Path, text: str, name: str = "recipe.yaml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEAD + text, encoding="utf-8")
    return path


def links_of(path: Path) -> list[dict[str, Any]]:
    recipe = load_recipe(path)
    assert recipe.translator == "chain"
    links: list[dict[str, Any]] = recipe.settings["links"]
    return links


GRAYDEF = "{translator: graydef, settings: {factor: 1.15}}"


@pytest.mark.parametrize(
    "text",
    [
        f"translator: {{chain: [base.yaml, runs/b, {GRAYDEF}]}}\n",
        f"translator:\n  chain: [{{recipe: base.yaml}}, {{model: runs/b}}, {GRAYDEF}]\n",
        f"translator: chain\nsettings: {{links: [base.yaml, runs/b, {GRAYDEF}]}}\n",
    ],
)
def test_the_ways_to_write_a_chain_mean_the_same(tmp_path: Path, text: str) -> None:
    assert links_of(written(tmp_path, text)) == [
        {"recipe": str(tmp_path / "base.yaml")},
        {"model": str(tmp_path / "runs/b")},
        {"translator": "graydef", "settings": {"factor": 1.15}},
    ]


def test_paths_are_relative_to_the_recipe_that_says_them(tmp_path: Path) -> None:
    written(tmp_path / "deep", "translator: {chain: [base.yaml, graydef]}\n")
    upper = tmp_path / "upper.yaml"
    upper.write_text("extends: deep/recipe.yaml\nseed: 3\n")
    assert links_of(upper)[0] == {"recipe": str(tmp_path / "deep" / "base.yaml")}


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("a.yaml", {"recipe": "a.yaml"}),
        ("up/a.yml", {"recipe": "up/a.yml"}),
        ("runs/a", {"model": "runs/a"}),
        ("../a", {"model": "../a"}),
        ("graydef", {"translator": "graydef"}),
        ({"model": "a"}, {"model": "a"}),
        (3, 3),
    ],
)
def test_a_bare_word_is_what_it_looks_like(said: Any, means: Any) -> None:
    assert link_of(said) == means


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("translator:\n  chain:\n    - base.yaml\n    - translator: graydeff\n", 5, "Did you mean 'graydef'"),
        ("translator:\n  chain:\n    - base.yaml\n    - {recipes: a.yaml}\n", 5, "Did you mean 'recipe'"),
        ("translator: {chain: [a.yaml], other: 1}\n", 2, "translator: should be a valid string"),
        ("translator: {chain: base.yaml}\n", 2, "translator: should be a valid string"),
        ("translator: {chain: [3]}\n", 2, "links.0"),
        ("translator: {chain: [a.yaml]}\nsettings: 3\n", 3, "settings: should be a mapping"),
    ],
)
def test_faults_stand_where_the_chain_is_written(tmp_path: Path, text: str, line: int, told: str) -> None:
    with pytest.raises(RecipeError) as refused:
        load_recipe(written(tmp_path, text))
    assert told in str(refused.value)
    assert f"recipe.yaml:{line}" in str(refused.value)


def test_the_resolved_recipe_says_the_same_again(tmp_path: Path) -> None:
    path = written(tmp_path, "translator: {chain: [base.yaml, {translator: graydef, preset: sar2ir}]}\n")
    experiment = load_experiment(path)
    again = written(tmp_path / "elsewhere", "")
    again.write_text(experiment.text)
    assert load_experiment(again).recipes == experiment.recipes
    said = yaml.safe_load(experiment.text)
    assert said["settings"]["links"][1] == {"translator": "graydef", "preset": "sar2ir"}


def test_the_tiny_preset_changes_nothing_of_the_chain_itself(tmp_path: Path) -> None:
    path = written(tmp_path, "translator: {chain: [base.yaml, graydef]}\n")
    assert load_recipe(path, preset="tiny").settings == load_recipe(path).settings


def test_what_is_no_chain_stays_as_it_is() -> None:
    plain = {"translator": "graydef", "settings": {"factor": 1.2, "links": ["a.yaml"]}}
    assert unfolded(plain, {}, Path("x")) == (plain, {})
    assert unfolded({}, {}, Path("x")) == ({}, {})
