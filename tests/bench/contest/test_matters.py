"""What is kept is found by all that predictions depend on, and by nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spectra.bench.contest import matters
from spectra.bench.contest.matters import source_of
from spectra.data.images import read_image, write_image
from spectra.model import load
from tests.bench.contest.benches import ids
from tests.bench.contest.conftest import CODE, NAMES
from tests.pair_folders import write_pairs, write_recipe
from tests.plugin_packages import PluginPackages

MATTERING: list[dict[str, Any]] = [
    {"sets": ("settings.width=2",)},
    {"sets": ("losses={l1: 3}",)},
    {"sets": ("weights={generator: {error: 2}}",)},
    {"sets": ("train.lr=0.5",)},
    {"sets": ("inference.input=[8, 8]",)},
    {"preset": "brief"},
    {"budget": "4"},
    {"budget": "4s"},
    {"seed": 5},
]
NOTHING: list[dict[str, Any]] = [
    {"sets": ("train.workers=3",)},
    {"sets": ("train.log.every=3",)},
    {"sets": ("train.checkpoint.every=3",)},
    {"sets": ("evaluate.samples=3",)},
    {"sets": ("evaluate.resize=[8, 8]",)},
    {"sets": ("evaluate.floors=[copy]",)},
    {"metrics": ("ssim",)},
    {"memory": 3.0},
    {"cost": True},
]


@pytest.fixture
def said(pupils: PluginPackages, pairs: Path) -> dict[str, Any]:
    return {"data": str(pairs), "preset": "tiny"}


@pytest.mark.parametrize("changed", MATTERING, ids=str)
def test_what_matters(changed: dict[str, Any], said: dict[str, Any]) -> None:
    assert ids("pupil", **said) != ids("pupil", **{**said, **changed})


@pytest.mark.parametrize("changed", NOTHING, ids=str)
def test_what_does_not(changed: dict[str, Any], said: dict[str, Any]) -> None:
    assert ids("pupil", **said) == ids("pupil", **{**said, **changed})


def test_metrics_matter_to_what_looks_at_them_while_it_learns(said: dict[str, Any], tmp_path: Path) -> None:
    looking = (
        "train.validation={every: 2, metric: psnr}",
        "data.root=null",
        "data.scenes={size: 32, train: 2, test: 2, validation: 2}",
    )
    said = {**said, "data": "scenes"}
    assert ids("pupil", **said, sets=looking) == ids("pupil", **said, sets=looking, metrics=("psnr", "mae", "ssim"))
    text = "task: rgb2ir\ntranslator: pupil\ntrain: {validation: {every: 2, metric: ssim}}\n"
    one, other = (
        write_recipe(tmp_path, f"{text}evaluate: {{metrics: {{ssim: {{window: {size}}}}}}}\n")
        and ids(str(tmp_path / "small.yaml"), **said)
        for size in (7, 11)
    )
    assert one != other


def test_every_image_matters(said: dict[str, Any], pairs: Path) -> None:
    found = ids("pupil", **said)
    for path in (pairs / "train" / "ir" / "a.png", pairs / "test" / "rgb" / "e.png"):
        write_image(path, 255 - read_image(path), overwrite=True)
        found += ids("pupil", **said)
    assert len(set(found)) == 3


def test_a_train_split_of_a_recipe_s_own_matters(said: dict[str, Any], pairs: Path, tmp_path: Path) -> None:
    """Another than that of the recipe by which all are judged."""
    write_pairs(pairs, "more", ("k", "l"))
    text = f"task: rgb2ir\ntranslator: pupil\ndata: {{root: {pairs}"
    recipes = [str(write_recipe(tmp_path, f"{text}}}\n", "first.yaml"))]
    recipes.append(str(write_recipe(tmp_path, f"{text}, train: more}}\n", "second.yaml")))
    before = ids(*recipes)
    path = pairs / "more" / "ir" / "k.png"
    write_image(path, 255 - read_image(path), overwrite=True)
    after = ids(*recipes)
    assert after[0] == before[0] and after[1] != before[1]


def test_code_matters(said: dict[str, Any], pupils: PluginPackages) -> None:
    """As it lies there, though the module was imported before: the worker will import it anew."""
    first = ids("pupil", **said)
    file = pupils.folder / "pupils.py"
    before = file.read_text("utf-8")
    try:
        file.write_text(f"{before}\n# another thought\n", "utf-8")
        assert ids("pupil", **said) != first
    finally:
        file.write_text(before, "utf-8")
    assert ids("pupil", **said) == first and len(NAMES) and CODE in before


def test_the_code_of_spectra_matters(said: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    first = ids("pupil", **said)
    monkeypatch.setattr(matters, "own_source", lambda: "another thought")
    assert ids("pupil", **said) != first


def test_all_files_of_a_package_are_its_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "manyfold"
    package.mkdir()
    (package / "__init__.py").write_text("class Found: pass\n")
    (package / "deep.py").write_text("one = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import manyfold  # type: ignore[import-not-found]

    first = source_of(manyfold.Found)
    (package / "deep.py").write_text("one = 2\n")
    second = source_of(manyfold.Found)
    (package / "deep.py").rename(package / "deeper.py")
    assert len({first, second, source_of(manyfold.Found)}) == 3


def test_the_kind_of_device_matters(said: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    first = ids("pupil", **said)
    monkeypatch.setattr(matters, "_kind_of", lambda device: "a card")
    assert ids("pupil", **said) != first


def test_weights_that_are_not_here_yet_matter(said: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    first = ids("pupil", **said)
    monkeypatch.setattr(matters, "with_what_is_here", lambda recipe, *words: (recipe, ["a loss is left out"]))
    assert ids("pupil", **said) != first


def test_what_it_begins_with_matters(said: dict[str, Any], tmp_path: Path) -> None:
    """A model by its weights; a recipe by all that it says itself."""
    text = "task: rgb2ir\ntranslator: pupil\npreset: tiny\n"
    base = write_recipe(tmp_path, text, "base.yaml")
    child = write_recipe(tmp_path, f"{text}init_from: base.yaml\n", "child.yaml")
    said = {"data": said["data"]}
    found = ids(str(child), **said)
    base.write_text(f"{text}settings: {{width: 4}}\n", "utf-8")
    found += ids(str(child), **said)
    found += ids(str(write_recipe(tmp_path, text, "child.yaml")), **said)
    assert len(set(found)) == 3


def test_a_model_is_known_by_its_weights(said: dict[str, Any], tmp_path: Path) -> None:
    model = load("pupil", task="rgb2ir")
    model.save(tmp_path / "one" / "model")
    for parameter in model.translator.parameters():
        parameter.data.add_(1)
    model.save(tmp_path / "two" / "model")
    one, two = (ids(str(tmp_path / name), data=said["data"]) for name in ("one", "two"))
    assert one != two
