"""Suites: files that name recipes."""

from __future__ import annotations

from pathlib import Path

import pytest

from spectra.errors import RecipeError
from spectra.recipe.suite import read_suite
from tests.pair_folders import write_recipe


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("one.yaml", "two.yaml"):
        write_recipe(tmp_path, name=name)
    return tmp_path


def suite(folder: Path, text: str) -> Path:
    return write_recipe(folder, text, "suite.yaml")


def fault(folder: Path, text: str) -> str:
    with pytest.raises(RecipeError) as caught:
        read_suite(suite(folder, text))
    return str(caught.value)


def test_recipes_are_found_beside_the_suite_in_their_order(folder: Path) -> None:
    found = read_suite(suite(folder, "recipes: [two.yaml, ./one.yaml]\n"))
    assert found is not None and found.name == "suite"
    assert [file.resolve() for file in found.recipes] == [folder / "two.yaml", folder / "one.yaml"]


def test_it_may_have_a_name_of_its_own(folder: Path) -> None:
    found = read_suite(suite(folder, "name: all-four\nrecipes:\n  - one.yaml\n"))
    assert found is not None and found.name == "all-four"


def test_a_recipe_is_no_suite(folder: Path) -> None:
    assert read_suite(folder / "one.yaml") is None
    assert read_suite(write_recipe(folder, "tsk: rgb2ir\nrecipe: [one.yaml]\n", "typo.yaml")) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("recipes: []\n", "suite.yaml:1:1: recipes: write a list of recipe files"),
        ("recipes: one.yaml\n", "recipes: write a list"),
        ("recipes: [one.yaml, 3]\n", "suite.yaml:1:21: recipes.1: write the path of a recipe, not '3'"),
        ("recipes:\n  - one.yaml\n  - none.yaml\n", "suite.yaml:3:5: recipes.1: there is no file"),
        ("recipes: [one.yaml, two.yaml, ./one.yaml]\n", "recipes.2: './one.yaml' is named twice"),
        ("recipes: [one.yaml]\nnam: x\n", "suite.yaml:2:1: nam: a suite says only `name` and `recipes`. Did you mean"),
        ("recipes: [one.yaml]\ntask: rgb2ir\n", "stands in its own file, or is set for all with --set"),
        ("name: a/b\nrecipes: [one.yaml]\n", "suite.yaml:1:1: name: write letters"),
        ("recipes: [suite.yaml]\n", "'suite.yaml' is a suite itself"),
        ("recipes: [one.yaml]\nrecipes: [two.yaml]\n", "recipes"),
    ],
)
def test_every_fault_says_where_it_stands(folder: Path, text: str, told: str) -> None:
    assert told in fault(folder, text)


def test_all_faults_are_told_together(folder: Path) -> None:
    told = fault(folder, "recipes: [none.yaml, one.yaml, one.yaml]\nname: ''\nseed: 3\n")
    assert "4 faults" in told and "none.yaml" in told and "twice" in told and "name:" in told and "seed:" in told


def test_a_suite_of_suites_is_refused(folder: Path) -> None:
    write_recipe(folder, "recipes: [one.yaml]\n", "inner.yaml")
    assert "'inner.yaml' is a suite itself: name its recipes" in fault(folder, "recipes: [inner.yaml]\n")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"none\.yaml"):
        read_suite(tmp_path / "none.yaml")
