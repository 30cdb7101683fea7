"""A bench of which only the methods were said, on the built-in scenes: small, short, and says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spectra.bench.contest.bench import BenchPlan, plan
from spectra.bench.contest.budget import Budget
from spectra.bench.contest.demonstration import STEPS
from spectra.bench.results.terminal import text_table
from tests.bench.contest.benches import carry_out, options, rows
from tests.pair_folders import write_recipe
from tests.plugin_packages import PluginPackages

SMALL = tuple(f"data.scenes.{word}" for word in ("size=32", "train=2", "test=2"))


def planned(*methods: str, **said: Any) -> BenchPlan:
    return plan(options(*methods, **said), "nowhere")


def is_one(found: BenchPlan) -> bool:
    return any("demonstration" in note for note in found.notes)


def test_it_has_the_preset_tiny_and_a_budget_and_says_so_everywhere(pupils: PluginPackages, folder: Path) -> None:
    heard: list[str] = []
    done = carry_out(folder, "pupil", "graydef", sets=SMALL, heard=heard)
    row, protocol = rows(done)["pupil"], done.result.protocol
    assert (row["preset"], row["steps"]) == ("tiny", STEPS)
    assert (protocol.preset, protocol.budget) == ("tiny", f"{STEPS} steps")
    told = [text for text in heard if "This is a demonstration" in text]
    assert len(told) == 1 and f"{STEPS} steps" in told[0] and "preset tiny" in told[0] and "--budget" in told[0]
    assert told[0] in protocol.notes and "This is a demonstration" in " ".join(text_table(done.result).split())


def test_it_holds_for_all_that_learns_and_wherever_scenes_are_named(pupils: PluginPackages) -> None:
    for found in (planned("elsewhere", "graydef", tasks=()), planned("pupil", data="scenes")):
        assert is_one(found) and (found.options.preset, found.options.budget) == ("tiny", Budget(steps=STEPS))


@pytest.mark.parametrize(
    "said",
    [
        {"preset": "tiny"},
        {"preset": "brief"},
        {"budget": "4"},
        {"sets": ("train.steps=5",)},
        {"sets": ("train.stages.early.steps=5",)},
    ],
    ids=str,
)
def test_what_a_person_says_of_learning_makes_it_none(said: dict[str, Any], pupils: PluginPackages) -> None:
    found, asked = planned("pupil", **said), options("pupil", **said)
    assert not is_one(found)
    assert (found.options.preset, found.options.budget) == (asked.preset, asked.budget)


def test_own_data_a_recipe_a_preset_of_its_own_and_nothing_that_learns_make_it_none(
    pupils: PluginPackages, pairs: Path, tmp_path: Path
) -> None:
    recipe = write_recipe(tmp_path, "task: rgb2ir\ntranslator: graydef\n")
    assert not is_one(planned("pupil", data=str(pairs)))
    assert not is_one(planned("pupil", sets=(f"data.root={pairs}",)))
    assert not is_one(planned("pupil", str(recipe)))
    assert not is_one(planned("pupil", "pupil@brief"))
    assert not is_one(planned("graydef", "linear"))
    assert is_one(planned("pupil", sets=("settings.width=2",)))
