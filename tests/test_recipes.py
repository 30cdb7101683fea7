"""The recipes that come with Spectra: each is valid, says what it is, and can be carried out."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from spectra.bench.needs import Options, direct, needed
from spectra.bench.run import run
from spectra.bench.suite import plan_suite, run_suite
from spectra.cli.main import main
from spectra.recipe.load import load_experiment
from spectra.recipe.recipe import Recipe
from spectra.recipe.suite import Suite, read_suite

FOLDER = Path(__file__).parents[1] / "recipes"
FILES = sorted(FOLDER.glob("*.yaml"))
SUITES = {file: suite for file in FILES if (suite := read_suite(file)) is not None}
OWN_TESTS = ("pix2next_", "mpfnet_")
"""Networks of many millions of parameters: tests of their plugin take two steps with `--preset tiny`."""
RECIPES = [file for file in FILES if file not in SUITES and not file.name.startswith(OWN_TESTS)]
IN_SUITES = {member.resolve() for suite in SUITES.values() for member in suite.recipes}
SMALL = (
    "data.scenes={size: 32, train: 2, test: 1, validation: 1}",
    "evaluate={metrics: [mae], floors: [constant], samples: 0, resize: null}",
    "inference={input: null, output: null}",
    "train.steps=2",
    "train.batch_size=1",
    "train.crop=32",
)


def suite(name: str) -> Suite:
    return SUITES[FOLDER / name]


def only(name: str) -> Recipe:
    (recipe,) = load_experiment(FOLDER / name).recipes
    return recipe


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_it_is_valid_and_its_first_line_runs_it(file: Path) -> None:
    done = CliRunner().invoke(main, ["recipe", "check", str(file)])
    assert done.exit_code == 0, done.output
    first = file.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith(f"# spectra run recipes/{file.name}")


@pytest.mark.parametrize("name", ["pbvs_ablation.yaml", "pbvs.yaml"])
def test_every_recipe_of_a_suite_takes_two_steps_on_the_scenes(name: str, tmp_path: Path) -> None:
    plan = plan_suite(suite(name), Options(sets=SMALL, preset="tiny"), tmp_path)
    assert all(step.member for step in plan.steps), "all that is needed is named, so that it is small here too"
    failed = {outcome.step.file.name: outcome.reason for outcome in run_suite(plan, run) if outcome.run is None}
    assert not failed


@pytest.mark.parametrize(
    "file", [file for file in RECIPES if file.resolve() not in IN_SUITES], ids=lambda file: file.name
)
def test_every_other_recipe_too(file: Path, tmp_path: Path) -> None:
    assert run(file, sets=SMALL, out=tmp_path / "out").metrics["methods"]


def test_sar2eo_is_as_the_paper_says() -> None:
    recipe = only("pbvs_sar2eo.yaml")
    assert recipe.train.steps == "40 epochs"
    schedule = recipe.train.schedule.halving
    assert schedule is not None and (schedule.after, schedule.factor) == ([30], 0.5)
    assert {name: entry.weight for name, entry in recipe.losses.items()} == {"vgg": 10, "lpips": 1, "l2": 1}
    assert recipe.init_from is None and recipe.data.pairing == "name"


def test_sar2rgb_begins_with_sar2eo_and_pairs_at_random() -> None:
    recipe = only("pbvs_sar2rgb.yaml")
    assert [file.resolve() for file in direct(recipe)] == [FOLDER / "pbvs_sar2eo.yaml"]
    assert recipe.data.pairing == "random"
    assert (recipe.inference.input, recipe.inference.output) == ((512, 512), (1024, 1024))
    assert recipe.evaluate.resize == (1024, 1024)
    assert recipe.train.augment[0].resize is not None and recipe.train.augment[0].resize.size == (512, 512)


def test_sar2ir_is_the_grey_of_sar2rgb() -> None:
    recipe = only("pbvs_sar2ir.yaml")
    assert [file.resolve() for file in direct(recipe)] == [FOLDER / "pbvs_sar2rgb.yaml"]
    assert recipe.settings["links"][1] == {"translator": "graydef", "settings": {"factor": 1.15}}
    names = [file.name for file in needed([recipe])]
    assert names == ["pbvs_sar2eo.yaml", "pbvs_sar2rgb.yaml"]


def test_the_four_tasks_are_all_of_the_challenge() -> None:
    tasks = [only(file.name).task for file in suite("pbvs.yaml").recipes]
    assert tasks == ["sar2eo", "sar2rgb", "rgb2ir", "sar2ir"]


def test_the_ablation_differs_in_what_it_says() -> None:
    direct_rgb, pretrained = only("pbvs_sar2rgb_direct.yaml"), only("pbvs_sar2ir_pretrained.yaml")
    assert direct_rgb.init_from is None and direct_rgb.data == only("pbvs_sar2rgb.yaml").data
    assert pretrained.init_from == only("pbvs_sar2rgb.yaml").init_from and pretrained.task == "sar2ir"
    grey = only("pbvs_sar2ir_grey.yaml")
    assert [file.name for file in needed([grey])] == ["pbvs_sar2rgb_direct.yaml"]
    assert len(grey.settings["links"]) == 2


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_all_four_with_tiny_take_less_than_ten_minutes(tmp_path: Path) -> None:
    started = time.monotonic()
    done = CliRunner().invoke(main, ["run", str(FOLDER / "pbvs.yaml"), "--preset", "tiny", "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert time.monotonic() - started < 600
