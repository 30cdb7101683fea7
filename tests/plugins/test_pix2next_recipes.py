"""The recipes of Pix2Next's tables: what they say, and that each takes two steps with the preset `tiny`."""

from __future__ import annotations

from pathlib import Path

import pytest

from spectra.bench.run import run
from spectra.recipe.load import load_experiment
from spectra.recipe.recipe import Recipe
from spectra_pix2next.settings import FAMILIES

TABLE_4 = ("vit", "swinv2", "resnet", "internimage")
FOLDER = Path(__file__).parents[2] / "recipes"
FILES = sorted(FOLDER.glob("pix2next_*.yaml"))
SMALL = (
    "data.scenes={size: 32, train: 2, test: 1, validation: 1}",
    "evaluate={metrics: [mae], floors: [constant], samples: 0, resize: null}",
    "inference={input: null, output: null}",
    "train.steps=2",
    "train.batch_size=2",
    "train.crop=32",
)


def rows(name: str, preset: str | None = None) -> list[Recipe]:
    return list(load_experiment(FOLDER / f"pix2next_{name}.yaml", preset=preset).recipes)


def test_all_are_there() -> None:
    names = {file.stem.removeprefix("pix2next_") for file in FILES}
    assert names == {"ranus", "idd_aw", "flir", "table4", "table5", "table6", "table6_pix2pixhd"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_begins_with_its_command_and_names_a_figure_of_the_paper(file: Path) -> None:
    first, *rest = file.read_text(encoding="utf-8").splitlines()
    assert first.startswith(f"# spectra run recipes/{file.name} --data ")
    comment = "\n".join(line for line in rest if line.startswith("#"))
    assert any(figure in comment for figure in ("20.83", "30.41", "23.45", "0.8063", "20.474"))


def test_table_4_has_a_row_for_every_extractor_of_the_paper() -> None:
    found = rows("table4")
    assert [recipe.row for recipe in found] == [f"extractor={it}" for it in ("none", *TABLE_4)]
    for preset, size in ((None, "base"), ("tiny", "tiny")):
        members = [FAMILIES[family][size] for family in TABLE_4]
        assert [recipe.settings["extractor"] for recipe in rows("table4", preset)] == ["none", *members]


def test_table_5_varies_where_it_attends_and_table_6_the_generator() -> None:
    assert [recipe.settings["attention"] for recipe in rows("table5")] == ["all", "bottleneck"]
    assert [recipe.settings["generator"] for recipe in rows("table6")] == ["resnet", "unet"]
    assert [recipe.translator for recipe in rows("table6_pix2pixhd")] == ["pix2pixhd"]


def test_the_thermal_recipe_has_swinv2_and_its_own_task() -> None:
    for preset, size in ((None, "base"), ("tiny", "tiny")):
        (recipe,) = rows("flir", preset)
        assert recipe.task == "rgb2lwir" and recipe.settings["extractor"] == FAMILIES["swinv2"][size]


@pytest.mark.parametrize("name", ["ranus", "flir", "table6"])
def test_each_takes_two_steps_with_tiny(name: str, tmp_path: Path) -> None:
    takes_two_steps(name, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["idd_aw", "table4", "table5", "table6_pix2pixhd"])
def test_the_others_too(name: str, tmp_path: Path) -> None:
    takes_two_steps(name, tmp_path)


def takes_two_steps(name: str, folder: Path) -> None:
    if name in ("flir", "table4", "table5"):
        pytest.importorskip("timm")
    assert run(FOLDER / f"pix2next_{name}.yaml", sets=SMALL, preset="tiny", out=folder / "out").metrics["methods"]
