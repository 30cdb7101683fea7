"""Recipes that need others: carried out once for all that need the same, in the words that were given to the bench."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.bench.contest.benches import carry_out, rows
from tests.pair_folders import write_recipe
from tests.plugin_packages import PluginPackages

BASE = "task: rgb2ir\ntranslator: pupil\n"


@pytest.fixture
def recipes(tmp_path: Path) -> tuple[str, str]:
    """One that begins with another, and a chain of it."""
    write_recipe(tmp_path, BASE, "base.yaml")
    child = write_recipe(tmp_path, f"{BASE}init_from: base.yaml\nsettings: {{width: 3}}\n", "child.yaml")
    chain = write_recipe(tmp_path, "task: rgb2ir\ntranslator: {chain: [{recipe: base.yaml}]}\n", "chain.yaml")
    return str(child), str(chain)


def test_needs_are_carried_out_once_and_apart_for_each_seed(
    pupils: PluginPackages, pairs: Path, folder: Path, recipes: tuple[str, str]
) -> None:
    child, chain = recipes
    done = carry_out(folder, child, chain, data=str(pairs), preset="tiny", budget="4", seeds=2)
    found = rows(done)
    assert found["child"]["error"] is None and found["child"]["seeds"] == [0, 1], found["child"]
    assert found["chain"]["error"] is None and found["chain"]["steps"] is None, found["chain"]
    homes = sorted((folder / "kept").glob("needs-*/base/recipe.yaml"))
    said = [yaml.safe_load(home.read_text("utf-8")) for home in homes]
    assert sorted(one["seed"] for one in said) == [0, 1], "one for each seed, and the chain takes the first"
    assert {one["train"]["stages"]["early"]["steps"] for one in said} == {6}, "the preset, and no budget"
    assert {one["data"]["root"] for one in said} == {str(pairs.resolve())}
    assert any("not a part of the budget" in note for note in found["child"]["notes"])


def test_the_scenes_are_for_those_that_are_needed_too(
    pupils: PluginPackages, pairs: Path, folder: Path, tmp_path: Path
) -> None:
    write_recipe(tmp_path, f"{BASE}data: {{root: {pairs}}}\n", "base.yaml")
    chain = write_recipe(tmp_path, "task: rgb2ir\ntranslator: {chain: [{recipe: base.yaml}]}\n", "chain.yaml")
    sizes = ("data.scenes={train: 2, test: 2, size: 32}",)
    done = carry_out(folder, f"{chain}@tiny", data="scenes", sets=sizes)
    assert rows(done)["chain@tiny"]["error"] is None, rows(done)["chain@tiny"]
    (home,) = (folder / "kept").glob("needs-*/base/recipe.yaml")
    said = yaml.safe_load(home.read_text("utf-8"))
    assert "root" not in said["data"] and said["data"]["scenes"]["size"] == 32
    assert said["train"]["stages"]["early"]["steps"] == 6
