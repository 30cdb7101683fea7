"""Who enters which task, by what they are judged, and what is said of it before anything begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from spectra.bench.contest.bench import plan
from spectra.errors import SpectraError
from tests.bench.contest.benches import carry_out, options, rows
from tests.pair_folders import RECIPE, write_recipe
from tests.plugin_packages import PluginPackages


def test_without_tasks_all_home_tasks_are_run_that_the_data_shows(pupils: PluginPackages, pairs: Path) -> None:
    found = plan(options("pupil", "elsewhere", tasks=(), preset="tiny"), "nowhere")
    assert [(it.task, [trial.method for trial in it.trials]) for it in found.tasks] == [
        ("rgb2ir", ["pupil"]),
        ("sar2eo", ["pupil", "elsewhere"]),
    ]
    assert any("elsewhere does not enter rgb2ir" in note for note in found.notes)
    assert [len(it.notes) for it in found.tasks] == [1, 0]  # each below the table of its own task
    real = plan(options("pupil", "elsewhere", tasks=(), preset="tiny", data=str(pairs)), "nowhere")
    assert [it.task for it in real.tasks] == ["rgb2ir"]
    assert any("sar2eo is left out" in note for note in real.notes)


def test_a_task_that_is_named_twice_is_run_once(pupils: PluginPackages) -> None:
    assert [it.task for it in plan(options("pupil", tasks=("rgb2ir", "rgb2ir")), "nowhere").tasks] == ["rgb2ir"]


def test_a_preset_that_one_has_not_is_said(pupils: PluginPackages) -> None:
    found = plan(options("pupil", "graydef", preset="tiny"), "nowhere")
    assert "graydef has no preset 'tiny', and enters as it is." in found.notes


def test_a_recipe_enters_with_all_rows_and_says_what_all_are_judged_by(folder: Path, tmp_path: Path) -> None:
    """Another that is judged on other images is refused by name."""
    data = "data: {scenes: {train: 4, test: 2, size: 32}}\n"
    text = f"task: rgb2ir\ntranslator: graydef\nmatrix: {{settings.factor: [1.1, 1.3]}}\n{data}"
    recipe = write_recipe(tmp_path, f"{text}evaluate: {{metrics: [mae], floors: [constant]}}\n")
    other = write_recipe(tmp_path, RECIPE + data.replace("test: 2", "test: 3"), "other.yaml")
    done = carry_out(folder, str(recipe), str(other), metrics=())
    found = rows(done)
    own = ["small factor=1.1", "small factor=1.3", "constant"]
    assert set(found) == {*own, "other"}
    assert all(list(found[name]["scores"]) == ["mae"] for name in own)
    assert "judged on other images" in found["other"]["error"]
    notes = done.result.protocol.tasks["rgb2ir"].notes
    assert any("other says another `evaluate` for rgb2ir than small" in note for note in notes)


def test_how_metrics_are_set(tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, f"{RECIPE}evaluate: {{metrics: [mae]}}\n")
    said = {"sets": ("evaluate.metrics.ssim.window=7", "evaluate.floors=[copy]")}
    (it,) = plan(options("graydef", metrics=("psnr", "ssim"), **said), "nowhere").tasks
    assert list(it.judge.evaluate.metrics) == ["psnr", "ssim"]
    assert it.judge.evaluate.metrics["ssim"]["window"] == 7 and it.judge.evaluate.floors == ["copy"]
    (own,) = plan(options(str(recipe), "graydef", metrics=(), **said), "nowhere").tasks
    assert list(own.judge.evaluate.metrics) == ["mae", "ssim"]


def test_a_modality_of_a_recipe_can_be_named_as_a_task(pairs: Path, tmp_path: Path) -> None:
    for split in ("train", "test"):
        (pairs / split / "ir").rename(pairs / split / "haze")
    text = "task: rgb2haze\ntranslator: constant\nmodalities: {haze: {channels: 1}}\n"
    recipe = write_recipe(tmp_path, f"{text}data: {{target: {{scale: K 250..330}}}}\n")
    for tasks in ((), ("rgb2haze",)):
        (it,) = plan(options(str(recipe), "linear", tasks=tasks, data=str(pairs)), "nowhere").tasks
        assert [trial.method for trial in it.trials] == ["small", "linear"]
        assert str(it.judge.resolved_task().target.scale) == "K 250..330"
    with pytest.raises(SpectraError, match="haze"):
        plan(options("linear", tasks=("rgb2haze",), data=str(pairs)), "nowhere")
