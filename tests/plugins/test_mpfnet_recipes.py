"""The recipes of MPFNet, and runs that begin with one another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from spectra.bench.run import run
from spectra.model import load
from spectra.recipe.load import load_experiment

RECIPES = Path(__file__).parents[2] / "recipes"
SMALL = (
    "data.scenes={size: 32, train: 2, test: 1, validation: 1}",
    "evaluate={metrics: [mae], floors: [constant], samples: 0, resize: null}",
    "inference={input: null, output: null}",
    "train.steps=2",
    "train.batch_size=1",
    "train.crop=32",
)


@pytest.mark.parametrize("name", ["mpfnet_vcip", "mpfnet_epfl"])
def test_a_recipe_takes_two_steps_of_each_stage_on_the_scenes(name: str, tmp_path: Path) -> None:
    done = run(RECIPES / f"{name}.yaml", sets=SMALL, preset="tiny", out=tmp_path / "out")
    assert done.metrics["methods"]


@pytest.mark.slow
def test_the_ablations_do_so_too(tmp_path: Path) -> None:
    done = run(RECIPES / "mpfnet_ablation.yaml", sets=SMALL, preset="tiny", out=tmp_path / "out")
    assert len(done.metrics["methods"]) == 7  # with the floor


def test_the_paper_is_as_printed() -> None:
    (recipe,) = load_experiment(RECIPES / "mpfnet_vcip.yaml").recipes
    said = recipe.train.model_dump()
    assert {name: stage["steps"] for name, stage in said["stages"].items()} == {
        "translation": "400 epochs",
        "colorization": "250 epochs",
        "joint": "100 epochs",
    }
    assert [recipe.train.of_stage("lr", name) for name in said["stages"]] == [1e-4, 1e-4, 6e-5]
    assert (said["batch_size"], said["optimizer"], said["betas"]) == (10, "adam", (0.5, 0.999))
    assert recipe.train.schedule.linear is not None and recipe.train.augment[0].mpfnet is not None
    assert recipe.data.layout == "clean364"


def test_the_ablations_leave_out_one_part_each() -> None:
    rows = load_experiment(RECIPES / "mpfnet_ablation.yaml").recipes
    assert [list(row.settings["without"]) for row in rows] == [
        [], ["translation"], ["pretraining"], ["rcab"], ["scales"], ["feature_discriminator"]
    ]  # fmt: skip


def learned(tmp_path: Path, name: str, begin: Path | None = None, **settings: Any) -> Path:
    file = tmp_path / f"{name}.yaml"
    said = [f"  {key}: {value}" for key, value in settings.items()]
    file.write_text(
        "task: nir2rgb\ntranslator: mpfnet\npreset: tiny\n"
        + (f"init_from: {begin}\n" if begin else "")
        + "\n".join(["settings:", *said, ""])
    )
    run(file, sets=SMALL, out=tmp_path / name)
    return tmp_path / name


def test_stages_run_one_by_one_begin_with_one_another(tmp_path: Path) -> None:
    """Each run has one stage, and what the others learned stays in it."""
    first = learned(tmp_path, "first", stages="[translation]")
    second = learned(tmp_path, "second", first, stages="[colorization]")
    third = learned(tmp_path, "third", second, stages="[joint]")
    weights = [load(folder).translator.state_dict() for folder in (first, second, third)]
    there = [key for key in weights[0] if key.startswith("there.")]
    color = [key for key in weights[0] if key.startswith("color.")]
    assert all(torch.equal(weights[0][key], weights[1][key]) for key in there)
    assert any(not torch.equal(weights[0][key], weights[1][key]) for key in color)
    assert any(not torch.equal(weights[1][key], weights[2][key]) for key in there)
    assert any(not torch.equal(weights[1][key], weights[2][key]) for key in color)
