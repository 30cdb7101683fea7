"""`train.augment` in a recipe: names, settings, faults with their places, and the schema for editors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from spectra.errors import RecipeError
from spectra.recipe.augment import FlipSettings, Operation, RotateSettings
from spectra.recipe.dump import recipe_text
from spectra.recipe.load import load_recipe
from spectra.recipe.recipe import Recipe
from spectra.recipe.schema import recipe_schema

SMALL = "task: rgb2ir\ntranslator: graydef\n"
EXAMPLE = """train:
  augment:
    - scale: {factor: [0.8, 1.25], interpolation: bicubic}
    - rotate: {degrees: 10, probability: 0.5}
    - crop: {size: [180, 256], resize: 256}
    - flip
    - gamma:
    - contrast: {factor: 1.5, on: both, pivot: 0.5}
    - pix2pixhd: {mode: resize_and_crop, load: 286, crop: 256}
    - mpfnet
    - pix2next
  crop: 128
"""


def write(folder: Path, text: str, name: str = "recipe.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def loaded(folder: Path, text: str, **more: Any) -> Recipe:
    return load_recipe(write(folder, SMALL + text), **more)


def told(folder: Path, text: str) -> list[str]:
    with pytest.raises(RecipeError) as caught:
        loaded(folder, text)
    lines = str(caught.value).splitlines()
    return [line.removeprefix(f"{folder / 'recipe.yaml'}:") for line in lines if not line[0].isdigit()]


def test_operations_are_names_or_names_with_settings_in_their_order(tmp_path: Path) -> None:
    augment = loaded(tmp_path, EXAMPLE).train.augment
    names = ["scale", "rotate", "crop", "flip", "gamma", "contrast", "pix2pixhd", "mpfnet", "pix2next"]
    assert [operation.name for operation in augment] == names
    assert augment[3].settings == FlipSettings()
    assert augment[1].settings == RotateSettings(degrees=(-10, 10), probability=0.5)
    assert augment[2].settings.model_dump()["size"] == (180, 256)
    assert augment[5].settings.model_dump() == {"factor": (1.5, 1.5), "pivot": 0.5, "on": "both", "probability": 1.0}


def test_without_the_key_nothing_is_varied(tmp_path: Path) -> None:
    assert loaded(tmp_path, "").train.augment == [] == loaded(tmp_path, "").train.augment_of("any")


def test_a_list_of_a_stage_replaces_that_of_the_recipe(tmp_path: Path) -> None:
    stages = "  stages: {one: {augment: [mpfnet]}, two: {augment: []}, three: {steps: 4}}\n"
    train = loaded(tmp_path, f"{EXAMPLE}{stages}").train
    assert [operation.name for operation in train.augment_of("one")] == ["mpfnet"]
    assert train.augment_of("two") == [] and train.augment_of("three") == train.augment == train.augment_of("four")


def test_a_list_replaces_that_of_the_base_and_can_be_set(tmp_path: Path) -> None:
    write(tmp_path, SMALL + EXAMPLE, "base.yaml")
    child = write(tmp_path, "extends: base.yaml\ntrain: {augment: [flip]}\n", "child.yaml")
    assert [operation.name for operation in load_recipe(child).train.augment] == ["flip"]
    set_ = load_recipe(child, sets=["train.augment=[{crop: {size: 8}}, flip]"]).train.augment
    assert [operation.name for operation in set_] == ["crop", "flip"]


def test_what_is_carried_out_can_be_written_and_read_again(tmp_path: Path) -> None:
    recipe = loaded(tmp_path, f"{EXAMPLE}  stages: {{one: {{augment: [flip]}}}}\n")
    text = recipe_text([recipe], {})
    assert load_recipe(write(tmp_path, text, "again.yaml")).train == recipe.train
    assert yaml.safe_load(text)["train"]["augment"][3] == {"flip": {"horizontal": 0.5, "vertical": 0.0}}


FAULTS = {
    "[flop]": "13: train.augment.0.flop: there is no such key. Did you mean 'flip'?",
    "[{scale: {factr: 2}}]": "22: train.augment.0.scale.factr: there is no such key. Did you mean 'factor'?",
    "[crop]": "13: train.augment.0.size: this key is needed.",
    "[flip, {crop: {size: [9, 4]}}]": "27: train.augment.1.crop.size: the lowest value comes first: write [4, 9]",
    "[{crop: {size: [9, 4, 3]}}]": "21: train.augment.0.crop.size: write a number, or the lowest and the highest "
    "value, such as [1, 2]",
    "[{crop: {size: 2.5}}]": "21: train.augment.0.crop.size: should be a valid integer, not 2.5",
    "[{crop: {size: 0}}]": "21: train.augment.0.crop.size: should be greater than 0, not 0",
    "[{resize: {size: [1, 2, 3]}}]": "23: train.augment.0.resize.size: write one number, or [HEIGHT, WIDTH]",
    "[{resize: {size: 4, width: 5}}]": "14: train.augment.0.resize: say one of `size`, `short`, `width` and `multiple`",
    "[{resize: {}}]": "14: train.augment.0.resize: say one of `size`, `short`, `width` and `multiple`",
    "[rotate]": "13: train.augment.0.rotate: say by how much: `degrees: 10`, or `quarter: true`",
    "[{rotate: {quarter: 1}}]": "23: train.augment.0.rotate.quarter: should be a valid boolean, not 1",
    "[{rotate: {degrees: fast}}]": "23: train.augment.0.rotate.degrees: write a number, or the lowest and the "
    "highest value, such as [1, 2]",
    "[{flip: {horizontal: true}}]": "21: train.augment.0.flip.horizontal: should be a valid number, not True",
    "[{flip: {vertical: 2}}]": "21: train.augment.0.flip.vertical: should be less than or equal to 1, not 2",
    "[{noise: {on: surce}}]": "22: train.augment.0.noise.on: should be 'source', 'target' or 'both', not 'surce'",
    "[{flip: {}, crop: {size: 2}}]": "13: train.augment.0: write one operation for each entry of the list",
    "[{}]": "13: train.augment.0: write one operation for each entry of the list",
    "[5]": "13: train.augment.0: should be a mapping, not 5",
    "flip": "3: train.augment: write a list of operations, such as [flip, {crop: {size: 256}}]",
    "{flip: {}}": "3: train.augment: write a list of operations, such as [flip, {crop: {size: 256}}]",
}


@pytest.mark.parametrize("text", FAULTS)
def test_a_fault_says_where_it_stands_and_what_is_right(text: str, tmp_path: Path) -> None:
    found = told(tmp_path, f"train:\n  augment: {text}\n")
    assert found == [f"4:{FAULTS[text]}"]


def test_all_faults_are_told_together_those_of_stages_too(tmp_path: Path) -> None:
    stages = "  stages:\n    one: {augment: [flip, gama, {blur: {sigma: -1}}]}\n"
    found = told(tmp_path, f"train:\n  augment:\n    - flop\n    - scale: {{factor: 0}}\n{stages}")
    assert [line.partition(": ")[2].partition(":")[0] for line in found] == [
        "train.augment.0.flop",
        "train.augment.1.scale.factor",
        "train.stages.one.augment.1.gama",
        "train.stages.one.augment.2.blur.sigma",
    ]
    assert [line.partition(":")[0] for line in found] == ["5", "6", "8", "8"]
    assert "Did you mean 'gamma'?" in found[2]


def test_the_schema_names_every_operation_and_its_settings() -> None:
    schema = recipe_schema()
    entry, mapping = schema["$defs"]["TrainSettings"]["properties"]["augment"]["items"]["anyOf"]
    operations = schema["$defs"][mapping["$ref"].rpartition("/")[2]]
    assert set(operations["properties"]) == set(Operation.model_fields)
    assert (operations["minProperties"], operations["maxProperties"]) == (1, 1)
    assert set(operations["properties"]) - set(entry["enum"]) == {"crop", "rotate", "resize"}  # these need settings
    size = schema["$defs"]["CropSettings"]["properties"]["size"]["anyOf"]
    assert [kind["type"] for kind in size] == ["integer", "array"]
    for name, kind in operations["properties"].items():
        settings = schema["$defs"][kind["anyOf"][0]["$ref"].rpartition("/")[2]]
        assert settings["additionalProperties"] is False, name
        assert all(said.get("description") for said in settings["properties"].values()), name


def test_every_bare_name_of_the_schema_can_do_without_settings(tmp_path: Path) -> None:
    names = recipe_schema()["$defs"]["TrainSettings"]["properties"]["augment"]["items"]["anyOf"][0]["enum"]
    augment = loaded(tmp_path, f"train: {{augment: [{', '.join(names)}]}}\n").train.augment
    assert [operation.name for operation in augment] == names
