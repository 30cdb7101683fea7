"""What a run learns: what the recipe says reaches the work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

import spectra
from spectra.bench.run import run
from tests.bench.learner import LEARNED
from tests.bench.runs import bits, fault
from tests.pair_folders import write_pairs, write_recipe
from tests.plugin_packages import PluginPackages


def test_the_same_seed_gives_the_same_bits_and_another_another_model(log: Path, pairs: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, LEARNED)
    found = [
        bits(run(recipe, data=pairs, out=tmp_path / f"out{place}", seed=seed).folder)
        for place, seed in enumerate((3, 3, 4))
    ]
    assert found[0] == found[1]
    assert found[0]["model/weights.safetensors"] != found[2]["model/weights.safetensors"]


def test_batch_size_crop_steps_and_stages_reach_the_steps(log: Path, pairs: Path, tmp_path: Path) -> None:
    sets = ["train.batch_size=3", "train.crop=8", "train.stages.second.steps=2"]
    run(write_recipe(tmp_path, LEARNED), data=pairs, out=tmp_path / "out", sets=sets)
    assert log.read_text().splitlines() == ["first (3, 3, 8, 8)"] * 4 + ["second (3, 3, 8, 8)"] * 2


def weights_of(folder: Path) -> torch.Tensor:
    return torch.cat([tensor.flatten() for tensor in spectra.load(folder).translator.state_dict().values()])


@pytest.mark.parametrize(
    "changed",
    [["losses.twice=0"], ["weights.generator.flat=5"], ["train.lr=1e-3"], ["settings.width=5"], ["train.steps=5"]],
)
def test_losses_weights_rates_and_settings_change_what_is_learned(
    log: Path, pairs: Path, tmp_path: Path, changed: list[str]
) -> None:
    recipe = write_recipe(tmp_path, LEARNED)
    first = weights_of(run(recipe, data=pairs, out=tmp_path / "one").folder)
    second = weights_of(run(recipe, data=pairs, out=tmp_path / "two", sets=changed).folder)
    assert first.shape != second.shape or not torch.equal(first, second)


def test_a_preset_reaches_the_model_and_set_wins_over_it(log: Path, pairs: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, LEARNED)
    run(recipe, data=pairs, out=tmp_path / "tiny", preset="tiny")
    assert len(log.read_text().splitlines()) == 2 * 3
    said = json.loads((tmp_path / "tiny" / "model" / "model.json").read_text())
    assert (said["preset"], said["settings"]) == ("tiny", {"width": 2})
    run(recipe, data=pairs, out=tmp_path / "own", preset="tiny", sets=["settings.width=3"])
    said = json.loads((tmp_path / "own" / "model" / "model.json").read_text())
    assert (said["preset"], said["settings"]) == (None, {"width": 3})


def test_a_preset_of_losses_and_rates_is_recorded_and_so_it_is_when_the_resolved_recipe_is_run(
    log: Path, pairs: Path, tmp_path: Path
) -> None:
    first = run(write_recipe(tmp_path, LEARNED), data=pairs, out=tmp_path / "one", preset="heavy")
    again = run(first.folder / "recipe.yaml", out=tmp_path / "two")
    assert first.methods["learner"]["preset"] == "heavy" and again.metrics == first.metrics
    assert (again.folder / "model/model.json").read_bytes() == (first.folder / "model/model.json").read_bytes()


@pytest.mark.parametrize("named", ["learnt:twice", "odd:twice"])
def test_two_losses_of_one_name_both_count(
    log: Path, plugin_packages: PluginPackages, pairs: Path, tmp_path: Path, named: str
) -> None:
    code = (
        "from spectra import Loss\n"
        "class Squared(Loss):\n"
        "    api_version = 1\n"
        "    def forward(self, prediction, target):\n"
        "        return (prediction - target).square().mean()\n"
    )
    plugin_packages.add("odd", {"losses": {"twice": "odd:Squared"}}, code)
    recipe = write_recipe(tmp_path, LEARNED.replace("{twice: 1}", '{"learnt:twice": 1, "odd:twice": 1}'))
    both = weights_of(run(recipe, data=pairs, out=tmp_path / "both").folder)
    for weight in ("losses", "weights.generator"):
        one = run(recipe, data=pairs, out=tmp_path / weight, sets=[f"{weight}.{named}=0"]).folder
        assert not torch.equal(both, weights_of(one))


def test_a_ready_translator_that_has_stages_is_trained(log: Path, pairs: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, LEARNED.replace("learner", "ready"))
    done = run(recipe, data=pairs, out=tmp_path / "out")
    assert len(log.read_text().splitlines()) == 2 * 4
    assert done.methods["ready"]["notes"] == []


@pytest.mark.parametrize(("name", "trained"), [("learner", False), ("ready", True)])
def test_a_training_of_no_steps_is_noted_and_gives_no_trained_model(
    log: Path, pairs: Path, tmp_path: Path, name: str, trained: bool
) -> None:
    recipe = write_recipe(tmp_path, LEARNED.replace("learner", name))
    done = run(recipe, data=pairs, out=tmp_path / "out", sets=["train.steps=0"])
    assert not log.exists()
    said = json.loads((done.folder / "model" / "model.json").read_text("utf-8"))
    assert said["trained"] is spectra.load(done.folder).trained is trained
    assert done.methods[name]["notes"] == said["notes"]
    assert "took no step of training" in said["notes"][0]


def test_a_translator_that_is_given_nothing_to_learn_from_is_refused(log: Path, pairs: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, "task: rgb2ir\ntranslator: lossesalone\ntrain: {steps: 2}\n")
    assert "stage 'train' has nothing to learn from" in fault(recipe, data=pairs, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert run(recipe, data=pairs, out=tmp_path / "out", sets=["losses.twice=1"]).methods["lossesalone"]


def test_the_multiple_of_a_translator_holds_for_its_training(log: Path, pairs: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, LEARNED.replace("learner", "eights"))
    assert "sides divide by 8" in fault(recipe, data=pairs, out=tmp_path / "out")
    assert "`train.crop: 12`" in fault(recipe, data=pairs, out=tmp_path / "out", sets=["train.crop=12"])
    assert not log.exists()
    assert run(recipe, data=pairs, out=tmp_path / "out", sets=["train.crop=8"]).methods["eights"]["notes"] == []


def test_whatever_a_translator_found_out_is_stored_as_numbers_and_text(log: Path, pairs: Path, tmp_path: Path) -> None:
    done = run(write_recipe(tmp_path, LEARNED.replace("learner", "curious")), data=pairs, out=tmp_path / "out")
    expected = {
        "tensor": 0.5, "count": 3, "single": 0.25, "flag": True, "many": [1.0, 1.0],
        "deep": {"nan": ["nan", ["inf"]]}, "1": "Settings(width=7)",
    }  # fmt: skip
    for file in ("metrics.json", "model/model.json"):
        said = json.loads((done.folder / file).read_text("utf-8"))
        assert (said["methods"]["curious"] if "methods" in said else said)["diagnostics"] == expected


def test_training_images_of_differing_size_are_refused_before_the_first_step(
    log: Path, pairs: Path, tmp_path: Path
) -> None:
    write_pairs(pairs, "train", ("odd",), size=(20, 12))
    told = fault(write_recipe(tmp_path, LEARNED), data=pairs, out=tmp_path / "out")
    assert "Set `train.crop`, or bring them to one size" in told and not log.exists()
    assert not (tmp_path / "out").exists()


def test_losses_that_a_closed_form_does_not_use_are_told(recipe: Path, pairs: Path, tmp_path: Path) -> None:
    done = run(recipe, data=pairs, out=tmp_path / "out", sets=["losses.l1=1"])
    assert "what the recipe says under `losses` was not used" in done.methods["graydef"]["notes"][0]
    assert "was not used" in (done.folder / "report.html").read_text("utf-8")


def test_what_a_method_without_stages_does_not_use_is_told_and_its_floors_are_not_blamed(
    pairs: Path, tmp_path: Path
) -> None:
    sets = ["losses.l1=1", "weights.generator.cycle=2", "train.steps=5"]
    text = "task: rgb2ir\ntranslator: copy\nevaluate: {floors: [inverse, linear]}\n"
    done = run(write_recipe(tmp_path, text), data=pairs, out=tmp_path / "out", sets=sets)
    assert {name: said["notes"] for name, said in done.methods.items()} == {
        "copy": [
            "copy does not learn by gradient: "
            "what the recipe says under `losses` and `weights` and `train` was not used."
        ],
        "inverse": [],
        "linear": [],
    }
