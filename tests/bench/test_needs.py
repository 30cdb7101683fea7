"""What a recipe needs is carried out before it, once, beside it, and as it was asked for."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spectra.bench.needs import Needs, Options, carry_out_needs, made_from, needed, own_preset
from spectra.bench.run import Run, run
from spectra.errors import SpectraError
from spectra.recipe.load import load_experiment
from spectra.recipe.recipe import Recipe
from tests.pair_folders import write_recipe

SCENES = "data: {scenes: {size: 32, train: 2, test: 1}}\nevaluate: {metrics: [mae], floors: [constant], samples: 0}\n"


class Recorder:
    """Stands for `run`: notes what it is asked for, and leaves a folder."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, recipe: Path, **options: Any) -> Run:
        self.calls.append((recipe.name, options))
        options["out"].mkdir(parents=True, exist_ok=True)
        return Run(options["out"], {})

    @property
    def files(self) -> list[str]:
        return [name for name, _ in self.calls]

    def of(self, name: str) -> dict[str, Any]:
        return next(options for called, options in self.calls if called == name)


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(name: str, begins: str | None = None, translator: str = "graydef", more: str = "") -> Path:
        begun = f"init_from: {tmp_path / begins}\n" if begins else ""
        return write_recipe(tmp_path, f"task: rgb2ir\ntranslator: {translator}\n{begun}{SCENES}{more}", name)

    return written


def recipes(file: Path) -> tuple[Recipe, ...]:
    return load_experiment(file).recipes


def chain(*files: Path) -> Recipe:
    links = [{"recipe": str(file)} for file in files]
    return Recipe(name="chain", task="rgb2ir", translator="chain", settings={"links": [*links, {"translator": "copy"}]})


def names(found: list[Path]) -> list[str]:
    return [file.name for file in found]


def test_needs_of_needs_come_first_and_each_once(write: Write, tmp_path: Path) -> None:
    write("bottom.yaml")
    left, right = write("left.yaml", "bottom.yaml"), write("right.yaml", "bottom.yaml")
    assert needed(recipes(tmp_path / "bottom.yaml")) == []
    assert names(needed(recipes(left))) == ["bottom.yaml"]
    assert names(needed([chain(left, right, left)])) == ["bottom.yaml", "left.yaml", "right.yaml"]


def test_one_file_by_two_paths_is_one_need(write: Write, tmp_path: Path) -> None:
    base = write("base.yaml")
    (tmp_path / "sub").mkdir()
    assert names(needed([chain(base, tmp_path / "sub" / ".." / "base.yaml")])) == ["base.yaml"]


def test_a_circle_is_spelled_out(write: Write, tmp_path: Path) -> None:
    write("a.yaml", "b.yaml")
    write("b.yaml", "c.yaml")
    write("c.yaml", "b.yaml")
    with pytest.raises(SpectraError) as caught:
        needed(recipes(tmp_path / "a.yaml"))
    b, c = tmp_path / "b.yaml", tmp_path / "c.yaml"
    assert f"in a circle: {b} needs {c} needs {b}." in str(caught.value)


def test_a_recipe_that_needs_itself_is_a_circle(write: Write, tmp_path: Path) -> None:
    with pytest.raises(SpectraError, match=r"circle: .*own\.yaml needs .*own\.yaml\."):
        needed(recipes(write("own.yaml", "own.yaml")))


def test_several_models_cannot_be_begun_with(write: Write) -> None:
    write("base.yaml", more="matrix: {settings.factor: [1.0, 1.2]}\n")
    with pytest.raises(SpectraError, match=r"top needs .*base\.yaml, whose matrix stands for 2 models"):
        needed(recipes(write("top.yaml", "base.yaml")))


def test_a_need_that_is_not_there_or_wrong_says_who_asked(write: Write) -> None:
    with pytest.raises(SpectraError, match=r"top needs .*none\.yaml, which cannot be used"):
        needed(recipes(write("top.yaml", "none.yaml")))
    write("base.yaml", more="sed: 3\n")
    with pytest.raises(SpectraError, match=r"top needs .*base\.yaml.*sed.*Did you mean 'seed'"):
        needed(recipes(write("top.yaml", "base.yaml")))


def test_needs_are_carried_out_beside_the_run_and_told_of_each_other(write: Write, tmp_path: Path) -> None:
    base, middle = write("base.yaml"), write("middle.yaml", "base.yaml")
    carry_out, out = Recorder(), tmp_path / "all" / "mine"
    found = carry_out_needs(recipes(write("top.yaml", "middle.yaml")), out, Options(), carry_out)
    assert carry_out.files == ["base.yaml", "middle.yaml"]
    assert found.folder(base) == tmp_path / "all" / "base" and found.folder(middle) == tmp_path / "all" / "middle"
    assert carry_out.of("base.yaml")["out"] == tmp_path / "all" / "base"
    assert carry_out.of("middle.yaml")["done"] == {base.resolve(): tmp_path / "all" / "base"}


def test_data_device_seed_and_preset_are_passed_on_and_of_sets_those_of_data(write: Write, tmp_path: Path) -> None:
    write("base.yaml")
    sets = ("data.scenes.train=3", "settings.factor=1.1", "data={scenes: {test: 2}}", "train.lr=1e-3")
    said = Options(data=tmp_path, sets=sets, preset="sar2ir", device="cuda:1", seed=7)
    carry_out = Recorder()
    found = carry_out_needs(recipes(write("top.yaml", "base.yaml")), tmp_path / "out", said, carry_out)
    passed = carry_out.of("base.yaml")
    assert passed["sets"] == ("data.scenes.train=3", "data={scenes: {test: 2}}")
    assert {key: passed[key] for key in ("data", "preset", "device", "seed")} == {
        "data": tmp_path,
        "preset": "sar2ir",
        "device": "cuda:1",
        "seed": 7,
    }
    assert found.notes == ()


def test_a_preset_that_a_need_does_not_know_is_left_out_and_said(write: Write, tmp_path: Path) -> None:
    base = write("base.yaml", translator="copy")
    carry_out = Recorder()
    top = recipes(write("top.yaml", "base.yaml"))
    found = carry_out_needs(top, tmp_path / "out", Options(preset="fit"), carry_out)
    assert carry_out.of("base.yaml")["preset"] is None
    assert found.notes == (f"The preset 'fit' was not passed on to {base}: copy has none of that name.",)


def test_a_preset_of_needs_alone_is_not_laid_over_the_recipe_itself(write: Write) -> None:
    write("base.yaml")
    write("plain.yaml", translator="copy")
    over = write("over.yaml", "base.yaml", translator="copy")
    assert own_preset(over, Options(preset="fit")) is None
    assert own_preset(over, Options(preset="unknown")) == "unknown"  # nobody's: a fault to be told
    assert own_preset(write("top.yaml", "base.yaml"), Options(preset="fit")) == "fit"
    assert own_preset(write("bare.yaml", "plain.yaml", translator="copy"), Options(preset="fit")) == "fit"
    assert own_preset(over, Options(preset="fit", sets=("translator=graydef",))) == "fit"


def test_what_is_done_already_is_not_asked_for_again(write: Write, tmp_path: Path) -> None:
    base = write("base.yaml")
    carry_out, there = Recorder(), {base.resolve(): tmp_path / "elsewhere"}
    found = carry_out_needs(recipes(write("top.yaml", "base.yaml")), tmp_path / "out", Options(), carry_out, done=there)
    assert carry_out.calls == [] and found.folder(base) == tmp_path / "elsewhere"


def test_two_runs_do_not_share_a_folder(write: Write, tmp_path: Path) -> None:
    write("base.yaml", more="name: twin\n")
    top = recipes(write("top.yaml", "base.yaml"))
    with pytest.raises(SpectraError, match=r"top and .*base\.yaml would both be carried out in .*twin"):
        carry_out_needs(top, tmp_path / "twin", Options(), Recorder())
    (tmp_path / "other").mkdir()
    other = shutil.copy(tmp_path / "base.yaml", tmp_path / "other" / "base.yaml")
    with pytest.raises(SpectraError, match="would both be carried out"):
        carry_out_needs([chain(tmp_path / "base.yaml", Path(other))], tmp_path / "out", Options(), Recorder())


def without_done(recipe: Path, **options: Any) -> Run:
    options.pop("done", None)
    return run(recipe, **options)


def test_a_finished_need_is_taken_as_it_is_and_another_one_is_refused_with_a_remedy(
    write: Write, tmp_path: Path
) -> None:
    base, top = write("base.yaml"), recipes(write("top.yaml", "base.yaml"))
    found = carry_out_needs(top, tmp_path / "out", Options(), without_done)
    before = (found.folder(base) / "environment.json").stat().st_mtime_ns
    again = carry_out_needs(top, tmp_path / "out", Options(), without_done)
    assert (again.folder(base) / "environment.json").stat().st_mtime_ns == before
    with pytest.raises(SpectraError) as caught:
        carry_out_needs(top, tmp_path / "out", Options(preset="sar2ir", seed=4), without_done)
    told = str(caught.value)
    assert f"{base}, which is needed first" in told and "another recipe or other settings" in told
    anew = f"spectra run {base} --preset sar2ir --seed 4 --out {tmp_path / 'base'} --fresh"
    assert told.endswith(f"To carry it out anew: {anew}")


def test_progress_says_whose_it_is(write: Write, tmp_path: Path) -> None:
    write("base.yaml")
    heard: list[str] = []
    told = carry_out_needs(
        recipes(write("top.yaml", "base.yaml")),
        tmp_path / "out",
        Options(),
        without_done,
        told=lambda what, done, total: heard.append(what),
    )
    assert heard and all(what.startswith("base: ") for what in heard) and told.folders


def test_what_a_run_is_made_from_changes_with_its_models(write: Write, tmp_path: Path) -> None:
    base, top = write("base.yaml"), recipes(write("top.yaml", "base.yaml"))
    marks = []
    for place, seen in enumerate(({}, {"preset": "sar2ir"}, {})):
        folder = run(base, out=tmp_path / str(place) / "base", **seen).folder
        marks.append(made_from(top, Needs({base.resolve(): folder})))
    assert len(marks[0]) == 1 and marks[0][0].startswith("base ")
    assert marks[0] == marks[2] != marks[1]
    given = Recipe.model_validate({"task": "rgb2ir", "translator": "copy", "init_from": {"run": tmp_path / "1/base"}})
    link = Recipe(task="rgb2ir", translator="chain", settings={"links": [{"model": str(tmp_path / "1/base")}]})
    assert made_from([given], Needs()) == made_from([link], Needs()) == marks[1]
    assert made_from(recipes(base), Needs()) == []
