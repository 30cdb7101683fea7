"""A run: everything in its folder, the same bits each time, nothing ever written over or half written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

import spectra
from spectra.bench.plan import refuse_twins
from spectra.bench.run import Run, plan, run
from spectra.data.images import read_image
from spectra.errors import SpectraError
from tests.bench.runs import fault, rows
from tests.pair_folders import RECIPE, tree, write_recipe
from tests.plugin_packages import PluginPackages

SCORE = {"mean", "low", "high", "n", "unit", "better", "signature", "reason"}


def test_the_folder_holds_everything(recipe: Path, pairs: Path, tmp_path: Path) -> None:
    done = run(recipe, data=pairs, out=tmp_path / "out")
    assert isinstance(done, Run) and not done.done_before
    assert {path.suffix for path in (done.folder / "gallery" / "rgb2ir").iterdir()} == {".png", ".json"}
    found = {path for path in tree(done.folder) if not path.startswith("gallery")}
    assert found == {
        "recipe.yaml", "environment.json", "metrics.json", "scores.csv", "report.html",
        "model", "model/model.json", "model/weights.safetensors",
        "samples", "samples/0000_graydef.png", "samples/0001_graydef.png", "samples/0002_graydef.png",
    }  # fmt: skip
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "pairs", "small.yaml"]


def test_metrics_have_their_form_and_the_floors_are_among_the_methods(
    recipe: Path, pairs: Path, tmp_path: Path
) -> None:
    metrics = json.loads((run(recipe, data=pairs, out=tmp_path / "out").folder / "metrics.json").read_text("utf-8"))
    assert metrics["task"] == "rgb2ir" and metrics["data"]["origin"] == "pairs (4 train, 3 test pairs)"
    assert list(metrics["methods"]) == ["graydef", "copy", "inverse", "constant", "linear"]
    for name, said in metrics["methods"].items():
        assert said["floor"] is (name != "graydef")
        assert list(said["scores"]) == ["psnr", "ssim", "rmse", "mae"]
        for score in said["scores"].values():
            assert set(score) == SCORE
            assert score["low"] <= score["mean"] <= score["high"] and score["n"] == 3
            assert score["better"] in ("higher", "lower") and "|" in score["signature"]


def test_scores_are_one_row_an_image_and_method_and_their_means_are_the_metrics(
    recipe: Path, pairs: Path, tmp_path: Path
) -> None:
    done = run(recipe, data=pairs, out=tmp_path / "out")
    found = rows(done.folder)
    assert [(row["method"], row["image"]) for row in found] == [
        (method, image) for method in done.methods for image in ("e", "f", "g")
    ]
    for method, said in done.methods.items():
        for metric, score in said["scores"].items():
            own = [float(row[metric]) for row in found if row["method"] == method]
            assert sum(own) / 3 == pytest.approx(score["mean"], rel=1e-12)


def test_the_model_loads_and_the_files_it_writes_score_as_the_run_says(
    recipe: Path, pairs: Path, tmp_path: Path
) -> None:
    done = run(recipe, data=pairs, out=tmp_path / "out")
    assert spectra.load(done.folder).trained
    spectra.translate(done.folder, pairs / "test" / "rgb", tmp_path / "images")
    for row in rows(done.folder)[:3]:
        wrote = read_image(next((tmp_path / "images").rglob(f"{row['image']}.png"))).astype(float)
        error = abs(wrote - read_image(pairs / "test" / "ir" / f"{row['image']}.png")).mean()
        assert float(row["mae"]) == pytest.approx(error, rel=1e-6)


def test_the_resolved_recipe_gives_the_same_bits_again(recipe: Path, pairs: Path, tmp_path: Path) -> None:
    first = run(recipe, data=pairs, out=tmp_path / "one", sets=["evaluate.samples=1"])
    second = run(first.folder / "recipe.yaml", out=tmp_path / "two")
    for name in ("metrics.json", "scores.csv", "model/model.json", "model/weights.safetensors"):
        assert (first.folder / name).read_bytes() == (second.folder / name).read_bytes(), name
    assert json.loads((first.folder / "model/model.json").read_text("utf-8"))["preset"] == "fit"


def test_a_recipe_of_relative_data_can_be_run_from_anywhere(
    pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(write_recipe(tmp_path, f"{RECIPE}data: {{root: pairs}}\n"), out=tmp_path / "one")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    again = run(first.folder / "recipe.yaml", out="two")
    assert (again.folder / "scores.csv").read_bytes() == (first.folder / "scores.csv").read_bytes()


def test_the_environment_says_with_what(recipe: Path, pairs: Path, tmp_path: Path) -> None:
    said = json.loads((run(recipe, data=pairs, out=tmp_path / "out").folder / "environment.json").read_text("utf-8"))
    assert said["versions"]["torch"] == torch.__version__.partition("+")[0] or said["versions"]["torch"]
    assert said["hardware"]["device"] == "cpu" and said["git"] is None
    assert len(said["data"]["train"]) == len(said["data"]["test"]) == 64
    assert said["data"]["train"] != said["data"]["test"]


def test_without_data_it_runs_on_scenes_and_says_so(recipe: Path, tmp_path: Path) -> None:
    sets = [f"data.scenes.{key}={value}" for key, value in (("train", 2), ("test", 2), ("size", 32))]
    done = run(recipe, out=tmp_path / "out", sets=[*sets, "evaluate.samples=0"])
    assert done.metrics["data"]["scenes"] is True and "built-in" in done.metrics["data"]["origin"]
    assert "built-in scenes" in (done.folder / "report.html").read_text("utf-8")


def test_a_matrix_makes_a_row_and_a_model_of_each(pairs: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, "task: rgb2ir\ntranslator: graydef\nmatrix: {settings.factor: [1.0, 1.2, fit]}\n")
    done = run(recipe, data=pairs, out=tmp_path / "out", sets=["evaluate.samples=1"])
    names = ["graydef factor=1.0", "graydef factor=1.2", "graydef factor=fit"]
    assert list(done.methods)[:3] == names
    for name in names:
        model = spectra.load(done.folder / "models" / name.partition(" ")[2])
        assert model.translator.settings.factor == (float(name[-3:]) if name[-3:] != "fit" else "fit")
    assert len(list((done.folder / "samples").iterdir())) == 3
    maes = {name: done.methods[name]["scores"]["mae"]["mean"] for name in names}
    assert maes["graydef factor=1.2"] < maes["graydef factor=1.0"]


def test_a_method_that_is_a_floor_too_stands_in_the_table_once(pairs: Path, tmp_path: Path) -> None:
    done = run(write_recipe(tmp_path, "task: rgb2ir\ntranslator: linear\n"), data=pairs, out=tmp_path / "out")
    assert list(done.methods) == ["linear", "copy", "inverse", "constant"]
    assert done.methods["linear"]["floor"] is False
    assert [row["method"] for row in rows(done.folder)].count("linear") == 3


def test_a_floor_of_the_same_name_in_other_settings_keeps_a_row(pairs: Path, tmp_path: Path) -> None:
    text = "task: rgb2ir\ntranslator: graydef\nsettings: {factor: 1.1}\nevaluate: {floors: [graydef]}\n"
    done = run(write_recipe(tmp_path, text), data=pairs, out=tmp_path / "out")
    assert list(done.methods) == ["graydef", "graydef (as floor)"]


def test_rows_that_would_bear_the_same_name_are_refused(
    pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = write_recipe(tmp_path, "task: rgb2ir\ntranslator: graydef\nmatrix: {seed: [1, 2]}\n")
    planned = plan(recipe, data=pairs)
    with pytest.raises(SpectraError, match="same name: 'graydef seed=1'"):
        refuse_twins((planned.recipes[0], planned.recipes[0]))


def test_a_floor_that_cannot_do_the_task_is_left_out_and_named(log: Path, pairs: Path, tmp_path: Path) -> None:
    for split in ("train", "test"):
        (pairs / split / "rgb").rename(pairs / split / "hidden")
        (pairs / split / "ir").rename(pairs / split / "nir")
        (pairs / split / "hidden").rename(pairs / split / "rgb")
    text = "task: nir2rgb\ntranslator: linear\nevaluate: {floors: [copy, graydef]}\n"
    done = run(write_recipe(tmp_path, text), data=pairs, out=tmp_path / "out")
    assert list(done.methods) == ["linear", "copy"]
    assert done.metrics["notes"] == ["The floor 'graydef' does not support nir2rgb."]


def test_a_resize_stands_in_every_signature(recipe: Path, pairs: Path, tmp_path: Path) -> None:
    plain = run(recipe, data=pairs, out=tmp_path / "one")
    small = run(recipe, data=pairs, out=tmp_path / "two", sets=["evaluate.resize=[12, 8]"])
    for name, said in small.methods.items():
        for metric, score in said["scores"].items():
            before = plain.methods[name]["scores"][metric]
            assert score["signature"] == before["signature"] + "|resize:12x8-bilinear-antialias"
            assert score["mean"] != before["mean"]
    with_sides = read_image(next((tmp_path / "two" / "samples").iterdir()))
    assert with_sides.shape == (12, 4 * 8 + 3 * 4, 3)


def test_a_wrong_device_and_a_wrong_root_are_named_before_anything(recipe: Path, pairs: Path, tmp_path: Path) -> None:
    assert "no device 'cuda:77'" in fault(recipe, data=pairs, out=tmp_path / "out", device="cuda:77")
    assert "nowhere" in fault(recipe, data=tmp_path / "nowhere", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_metric_that_gives_no_number_is_told_in_valid_json(
    plugin_packages: PluginPackages, pairs: Path, tmp_path: Path
) -> None:
    code = (
        "from spectra import Metric, Score\n"
        "class Odd(Metric):\n"
        "    api_version = 1\n"
        "    unit = ''\n"
        "    signature = 'odd|v:1'\n"
        "    def update(self, item): return None\n"
        "    def merge(self, other): pass\n"
        "    def result(self): return Score(float('nan'), None, None, 1, '', 'higher', self.signature)\n"
    )
    plugin_packages.add("oddity", {"metrics": {"odd": "oddity:Odd"}}, code)
    recipe = write_recipe(tmp_path, f"{RECIPE}evaluate: {{metrics: [odd, mae]}}\n")
    done = run(recipe, data=pairs, out=tmp_path / "out")
    text = (done.folder / "metrics.json").read_text("utf-8")
    assert "NaN" not in text
    assert json.loads(text)["methods"]["graydef"]["scores"]["odd"]["reason"] == "the value is nan"
    assert rows(done.folder)[0]["odd"] == ""
    assert "not scored: the value is nan" in (done.folder / "report.html").read_text("utf-8")


def test_a_plan_writes_nothing(recipe: Path, pairs: Path, tmp_path: Path) -> None:
    before = tree(tmp_path)
    planned = plan(recipe, data=pairs, out=tmp_path / "runs" / "out")
    assert planned.described()["methods"] == ["graydef"] and not planned.described()["finished"]
    assert "Nothing was done" in str(planned)
    assert tree(tmp_path) == before
