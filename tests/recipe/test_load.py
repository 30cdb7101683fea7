"""From a recipe file to checked recipes: the order of layers, matrices, and faults told all at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from torch import Tensor

import spectra
from spectra.errors import RecipeError, SpectraError
from spectra.recipe.load import load_experiment, load_recipe
from spectra.recipe.suite import read_suite
from spectra.registry import registry

SMALL = "task: rgb2ir\ntranslator: graydef\n"


def write(folder: Path, text: str, name: str = "recipe.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def faults(path: Path, **overrides: object) -> list[str]:
    with pytest.raises(RecipeError) as caught:
        load_experiment(path, **overrides)  # type: ignore[arg-type]
    return str(caught.value).splitlines()


def test_a_small_recipe_gets_its_name_from_the_file_and_its_defaults(tmp_path: Path) -> None:
    recipe = load_recipe(write(tmp_path, SMALL, "mine.yaml"))
    assert (recipe.name, recipe.task, recipe.seed, recipe.method) == ("mine", "rgb2ir", 0, "graydef")
    assert list(recipe.evaluate.metrics) == ["psnr", "ssim", "rmse", "mae"]
    assert recipe.evaluate.floors == ["copy", "inverse", "constant", "linear"]


def test_extends_is_below_the_recipe_below_the_preset_below_set(tmp_path: Path) -> None:
    write(tmp_path, f"{SMALL}seed: 1\nsettings: {{factor: 1.1}}\ntrain: {{lr: 1e-1, steps: 1}}\n", "base.yaml")
    path = write(tmp_path, "extends: base.yaml\nsettings: {factor: 1.2}\ntrain: {lr: 1e-2}\n")
    assert load_recipe(path).settings["factor"] == 1.2
    assert (load_recipe(path).train.lr, load_recipe(path).train.steps, load_recipe(path).seed) == (1e-2, 1, 1)
    assert load_recipe(path, preset="sar2ir").settings["factor"] == 1.15
    assert load_recipe(path, preset="sar2ir", sets=["settings.factor=1.5"]).settings["factor"] == 1.5
    assert load_recipe(path, sets=["train.lr=1e-4"]).train.lr == 1e-4


def test_a_base_does_not_lend_its_name(tmp_path: Path) -> None:
    write(tmp_path, f"{SMALL}name: base\n", "base.yaml")
    assert load_recipe(write(tmp_path, "extends: base.yaml\n", "child.yaml")).name == "child"


def test_recipes_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "extends: two.yaml\n", "one.yaml")
    write(tmp_path, "extends: one.yaml\n", "two.yaml")
    assert "circle" in faults(tmp_path / "one.yaml")[0]


def test_a_missing_base_names_the_file_that_is_not_there(tmp_path: Path) -> None:
    path = write(tmp_path, "task: rgb2ir\nextends: nowhere.yaml\n")
    told = faults(path)[0]
    assert told.startswith(f"{path}:2:") and "nowhere.yaml" in told


def test_a_relative_root_is_relative_to_the_file_that_says_it(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    write(tmp_path / "inner", f"{SMALL}data: {{root: pairs}}\n", "base.yaml")
    assert load_recipe(write(tmp_path, "extends: inner/base.yaml\n")).data.root == tmp_path / "inner" / "pairs"


def test_a_relative_split_is_relative_to_the_file_that_says_it_and_absolute_in_the_text(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    write(tmp_path / "inner", f"{SMALL}data: {{root: pairs, split: {{file: folds.json}}}}\n", "base.yaml")
    path = write(tmp_path, "extends: inner/base.yaml\ndata: {split: {fold: 2}}\n")
    split = load_recipe(path).data.split
    assert split is not None and (split.file, split.fold) == (tmp_path / "inner" / "folds.json", 2)
    (tmp_path / "again.yaml").write_text(load_experiment(path).text, encoding="utf-8")
    assert load_recipe(tmp_path / "again.yaml").data.split == split


def test_all_faults_are_told_together_with_file_line_and_column(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "task: rgb2irr\ntranslator: graydef\nsettings:\n  facter: 1.3\ntrian: {}\n"
        "train:\n  lr: fast\n  batch_size: 0\nevaluate:\n  metrics: [psnr, sim]\nlosses:\n  l11: 1\nseed: yes\n",
    )
    told = faults(path)
    expected = {
        "1:1": "rgb2irr",
        "4:3": "Did you mean 'factor'?",
        "5:1": "Did you mean 'train'?",
        "7:3": "train.lr",
        "8:3": "train.batch_size",
        "10:19": "Did you mean 'ssim'?",
        "12:3": "Did you mean 'l1'?",
        "13:1": "seed",
    }
    for place, words in expected.items():
        assert any(f"{path}:{place}: " in line and words in line for line in told), (place, words, told)
    assert told[0].startswith(f"{len(expected)} faults")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("seed: '3'", "seed: should be a valid integer, not '3'"),
        ("seed: true", "seed: should be a valid integer, not True"),
        ("seed: -1", "greater than or equal to 0"),
        ("settings: 3", "settings"),
        ("losses: {l1: no}", "losses.l1"),
        ("losses: {l1: {wieght: 2}}", "losses.l1.wieght"),
        ("evaluate: {floors: [copi]}", "Did you mean 'copy'?"),
        ("evaluate: {metrics: {ssim: {windo: 7}}}", "Did you mean 'window'?"),
        ("data: {scenes: {view: arial}}", "'aerial' or 'street'"),
        ("data: {source: {scale: 10..20}}", "is not a scale"),
        ("preset: rgb2irr", "Did you mean 'rgb2ir'?"),
        ("modalities: {Hyper: {channels: 3}}", "modality name"),
        ("name: a/b", "write letters, digits"),
        (f"name: {'x' * 300}", "at most 100 characters"),
        (f"seed: {2**63}", "seed"),
        ("evaluate: {resize: [0, -4]}", "evaluate.resize"),
        ("data: {root: ''}", "write the path of a folder"),
        ("data: {scenes: {train: 1000001}}", "data.scenes.train"),
        ("weights: {generator: {matching: many}}", "weights.generator.matching"),
        ("train: {stages: {first: {step: 3}}}", "Did you mean 'steps'?"),
    ],
)
def test_each_fault_says_where_and_what(tmp_path: Path, line: str, words: str) -> None:
    path = write(tmp_path, SMALL + line + "\n")
    told = "\n".join(faults(path))
    assert words in told
    assert f"{path}:3:" in told


def test_a_task_the_translator_does_not_support_is_a_fault_of_the_recipe(tmp_path: Path) -> None:
    assert "does not support" in "\n".join(faults(write(tmp_path, "task: nir2rgb\ntranslator: graydef\n")))


def test_own_modalities_serve_in_the_task(tmp_path: Path) -> None:
    text = "task: hyper2sar_vv\ntranslator: linear\nmodalities:\n"
    text += "  hyper: {channels: 31, scale: reflectance 0..10000}\n  sar_vv: {channels: 1}\n"
    task = load_recipe(write(tmp_path, text)).resolved_task()
    assert (task.source.channels, str(task.source.scale), task.target.channels) == (31, "reflectance 0..10000", 1)


def test_set_that_reaches_into_a_number_says_so(tmp_path: Path) -> None:
    assert "holds nothing named 'low'" in faults(write(tmp_path, f"{SMALL}seed: 1\n"), sets=["seed.low=3"])[0]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("train.lr", "PATH=VALUE"),
        ("=3", "is no path"),
        ("train..lr=3", "is no path"),
        (f"settings{'.a' * 3000}=1", "is no path"),
        ("extends=base.yaml", "only a recipe file can say `extends`"),
        ("matrix.seed=[1, 2]", "only a recipe file can say `matrix`"),
        ("row=mine", "there is no such key"),
    ],
)
def test_set_of_what_cannot_be_set_is_refused(tmp_path: Path, words: str, told: str) -> None:
    assert told in faults(write(tmp_path, SMALL), sets=[words])[0]


def test_a_matrix_becomes_named_rows(tmp_path: Path) -> None:
    path = write(tmp_path, f"{SMALL}matrix:\n  settings.factor: [1.0, fit]\n  seed: [1, 2]\n")
    recipes = load_experiment(path).recipes
    assert [recipe.method for recipe in recipes] == [
        "graydef factor=1.0, seed=1",
        "graydef factor=1.0, seed=2",
        "graydef factor=fit, seed=1",
        "graydef factor=fit, seed=2",
    ]
    assert [recipe.settings["factor"] for recipe in recipes] == [1.0, 1.0, "fit", "fit"]


def test_the_rows_of_a_matrix_win_over_the_preset(tmp_path: Path) -> None:
    path = write(tmp_path, f"{SMALL}preset: rgb2ir\nmatrix: {{settings.factor: [1.0, 2.0]}}\n")
    assert [recipe.settings["factor"] for recipe in load_experiment(path).recipes] == [1.0, 2.0]


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        ("{data.root: [a, b]}", "rows share their data"),
        ("{settings.factor: 1.3}", "list of values"),
        ("{settings.factor: []}", "list of values"),
        ("{settings.factor: [1.0, 1.0]}", "twice"),
        ("3", "setting paths"),
        ("{seed: [1, 2], settings.factor: [x]}", "factor"),
    ],
)
def test_a_wrong_matrix_says_what_is_wrong(tmp_path: Path, matrix: str, words: str) -> None:
    assert words in "\n".join(faults(write(tmp_path, f"{SMALL}matrix: {matrix}\n")))


def test_a_matrix_of_too_many_rows_is_refused(tmp_path: Path) -> None:
    many = list(range(40))
    assert "1600 rows" in "\n".join(faults(write(tmp_path, f"{SMALL}matrix: {{seed: {many}, train.steps: {many}}}\n")))


def test_set_of_what_the_matrix_varies_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, f"{SMALL}matrix: {{seed: [1, 2]}}\n")
    assert "--seed seed: the matrix of the recipe sets seed in every row" in faults(path, seed=3)[0]


def test_a_row_cannot_be_set_around_by_a_path_above_or_below_it(tmp_path: Path) -> None:
    path = write(tmp_path, f"{SMALL}matrix: {{settings.factor: [1.0, 1.3]}}\n")
    assert (
        "the matrix of the recipe sets settings.factor in every row" in faults(path, sets=["settings={factor: 2.0}"])[0]
    )
    twice = write(tmp_path, f"{SMALL}matrix: {{settings.factor: [1.0, 1.3], settings: [{{variant: factor}}]}}\n")
    assert "set the same thing" in faults(twice)[0]


def test_rows_that_say_the_same_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, f"{SMALL}matrix: {{preset: [fit, rgb2ir]}}\n")
    assert "are the same experiment" in faults(path, sets=["settings={factor: 2.0}"])[0]


def test_true_is_not_one_in_a_matrix(tmp_path: Path) -> None:
    assert (
        "seed: should be a valid integer, not True"
        in faults(write(tmp_path, f"{SMALL}matrix: {{seed: [1, true]}}\n"))[0]
    )


def test_the_resolved_text_writes_out_what_plugins_have_as_defaults(tmp_path: Path) -> None:
    experiment = load_experiment(write(tmp_path, f"{SMALL}evaluate: {{metrics: [ssim]}}\n"))
    assert experiment.recipes[0].settings == {"factor": 1.3, "variant": "factor"}
    assert "factor: 1.3" in experiment.text and "window: 11" in experiment.text


class Clipping(spectra.Loss):
    api_version = 1

    class Settings(spectra.Config):
        clip: float | None = 1.0

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return (prediction - target).abs().mean()


def test_null_is_a_word_that_a_resolved_recipe_repeats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry("losses")._loaded, "spectra-translate:l1", Clipping)
    with_clip = load_experiment(write(tmp_path, f"{SMALL}losses: {{l1: 1}}\n"))
    without = load_experiment(write(tmp_path, f"{SMALL}losses: {{l1: {{weight: 1, clip: null}}}}\n"))
    assert with_clip.text != without.text
    again = load_experiment(write(tmp_path, without.text))
    assert again.recipes[0].losses["l1"].settings == {"clip": None}


def test_a_row_is_no_key_of_a_recipe(tmp_path: Path) -> None:
    assert "row: there is no such key" in faults(write(tmp_path, f"{SMALL}row: hello\n"))[0]


def test_a_file_name_that_is_no_name_of_a_run_is_made_one(tmp_path: Path) -> None:
    assert load_recipe(write(tmp_path, SMALL, "two words.yaml")).name == "two_words"


def test_a_key_left_empty_can_be_filled(tmp_path: Path) -> None:
    path = write(tmp_path, f"{SMALL}settings:\nmatrix: {{settings.factor: [1.0, 1.3]}}\n")
    assert [recipe.settings["factor"] for recipe in load_experiment(path).recipes] == [1.0, 1.3]


@pytest.mark.parametrize(
    ("text", "overrides"),
    [
        (SMALL, {}),
        (f"{SMALL}preset: sar2ir\n", {"sets": ["settings.factor=1.4"], "seed": 5}),
        (f"{SMALL}matrix: {{settings.factor: [1.0, fit], seed: [1, 2]}}\n", {}),
        (f"{SMALL}matrix: {{preset: [rgb2ir, fit]}}\n", {"sets": ["train.lr=1e-5"]}),
        (f"{SMALL}losses: {{l1: 3, mse: {{weight: 2}}}}\nevaluate: {{resize: [8, 9], metrics: [psnr]}}\n", {}),
    ],
)
def test_the_resolved_text_stands_for_the_same_recipes(tmp_path: Path, text: str, overrides: dict[str, object]) -> None:
    first = load_experiment(write(tmp_path, text), **overrides)  # type: ignore[arg-type]
    (tmp_path / "elsewhere").mkdir()
    again = load_experiment(write(tmp_path / "elsewhere", first.text))
    assert [r.model_copy(update={"preset": None}) for r in again.recipes] == [
        r.model_copy(update={"preset": None}) for r in first.recipes
    ]
    assert again.text.partition("name:")[2] == first.text.partition("name:")[2]


def test_a_root_given_on_the_command_line_stays_absolute_in_the_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = load_experiment(write(tmp_path, SMALL), data="pairs").text
    assert f"root: {tmp_path / 'pairs'}" in text


def test_a_recipe_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpectraError, match="none"):
        load_recipe(tmp_path / "none.yaml")


def test_the_schema_knows_every_key_and_nothing_else() -> None:
    from spectra.recipe.recipe import Recipe
    from spectra.recipe.schema import recipe_schema

    schema = recipe_schema()
    assert set(schema["properties"]) == set(Recipe.model_fields) - {"row"} | {"extends", "matrix"}
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parents[2] / "recipes").glob("*.yaml")), ids=lambda path: path.stem
)
def test_our_recipes_are_fine_and_begin_with_their_command(path: Path) -> None:
    if read_suite(path) is None:
        load_experiment(path)
    assert path.read_text(encoding="utf-8").startswith(f"# spectra run recipes/{path.name}")


def test_a_mistyped_key_of_the_command_line_is_blamed_on_it_and_not_on_the_preset(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("task: rgb2nir\ntranslator: pix2pixhd\npreset: tiny\n")
    with pytest.raises(
        RecipeError, match=r"^--set: train\.validaton: there is no such key\. Did you mean 'validation'"
    ):
        load_experiment(path, sets=["train.validaton.every=20"])


@pytest.mark.parametrize(
    ("said", "told"),
    [("train.steps=five", "number of steps, or such as `5 epochs`"), ("train.checkpoint.every=soon", "10 minutes")],
)
def test_a_length_that_is_none_is_told_with_an_example(said: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("task: rgb2nir\ntranslator: pix2pixhd\npreset: tiny\n")
    with pytest.raises(RecipeError, match=told):
        load_experiment(path, sets=[said])
