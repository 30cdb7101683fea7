"""A run that learns from images without partners: no train pair there is, and a test split of pairs to judge by."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from spectra.bench.run import run
from spectra.data.images import read_image, write_image
from tests.bench.runs import fault
from tests.pair_folders import write_recipe
from tests.plugin_packages import PluginPackages

CYCLE = """
from torch import nn
from torch.nn.functional import l1_loss
from spectra import Images, ImagePool, Player, Stage, Translator, Update

class Turn(Stage):
    def __init__(self, nets, task):
        super().__init__()
        self.streams = {"sources": Images(task.source.name), "targets": Images(task.target.name)}
        self.nets, self.judge, self.pool = nets, nn.Conv2d(task.target.channels, 1, 3), ImagePool(4)
        self.players = {"generators": Player(nets.there, nets.back), "judge": Player(self.judge)}
    def step(self, batch):
        fake, fake_source = self.share(self.nets.there(batch.sources)), self.share(self.nets.back(batch.targets))
        yield Update(
            "generators",
            adversarial=lambda: ((self.judge(fake) - 1) ** 2).mean(),
            cycle=lambda: (
                l1_loss(self.nets.back(fake), batch.sources) + l1_loss(self.nets.there(fake_source), batch.targets)
            ),
        )
        seen = self.pool(fake)
        yield Update(
            "judge",
            real=lambda: ((self.judge(batch.targets) - 1) ** 2).mean(),
            fake=lambda: (self.judge(seen) ** 2).mean(),
        )

class Cycle(Translator):
    api_version = 1
    def __init__(self, task, settings):
        super().__init__(task, settings)
        self.there = nn.Conv2d(task.source.channels, task.target.channels, 1)
        self.back = nn.Conv2d(task.target.channels, task.source.channels, 1)
    def forward(self, source):
        return self.there(source)
    def stages(self):
        return [Turn(self, self.task)]
"""
RECIPE = """
task: rgb2ir
translator: cycle
data: {unpaired: true}
train: {steps: 6, batch_size: 2, crop: 8}
evaluate: {metrics: [mae, rmse], floors: [copy, inverse, constant, linear], samples: 1}
"""


@pytest.fixture
def root(tmp_path: Path, plugin_packages: PluginPackages) -> Path:
    """As CycleGAN has it: `trainA` and `trainB` share no name, `testA` and `testB` all of them."""
    plugin_packages.add("turned", {"translators": {"cycle": "turned:Cycle"}}, CYCLE)
    random = np.random.default_rng(0)
    for folder, names, channels in (
        ("trainA", "abc", 3),
        ("trainB", "uvwx", 1),
        ("testA", "mn", 3),
        ("testB", "mn", 1),
    ):
        for name in names:
            path = tmp_path / "cycle" / folder / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_image(path, random.integers(0, 256, (12, 14, channels)).astype(np.uint8))
    return tmp_path / "cycle"


def test_it_learns_is_scored_and_what_needs_pairs_is_left_out_with_a_note(root: Path, tmp_path: Path) -> None:
    done = run(write_recipe(tmp_path, RECIPE), data=root, out=tmp_path / "out")
    assert list(done.methods) == ["cycle", "copy", "inverse"]
    assert all(score["n"] == 2 for method in done.methods.values() for score in method["scores"].values())
    notes = done.metrics["notes"]
    for name in ("constant", "linear"):
        assert f"The floor {name!r} is left out: it is fitted on pairs, and the train split has none." in notes
    assert done.metrics["data"]["train"] == 0 and (tmp_path / "out/model/model.json").is_file()
    assert "3 places" in " ".join(notes) and "4 places" in " ".join(notes)
    text = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert "is left out" in text


def test_the_same_images_give_the_same_bits_and_other_ones_are_another_run(root: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, RECIPE)
    weights = [
        (run(recipe, data=root, out=tmp_path / name).folder / "model/weights.safetensors").read_bytes()
        for name in ("one", "two")
    ]
    assert weights[0] == weights[1]
    assert run(recipe, data=root, out=tmp_path / "one").done_before
    path = root / "trainB/u.png"
    write_image(path, 255 - read_image(path), overwrite=True)
    assert "the data has changed" in fault(recipe, data=root, out=tmp_path / "one")


def test_limits_by_percentiles_come_from_the_single_images(root: Path, tmp_path: Path) -> None:
    sets = ["data.target.scale=K percentiles 1..99"]
    done = run(write_recipe(tmp_path, RECIPE), data=root, out=tmp_path / "out", sets=sets)
    values = np.concatenate([read_image(path).ravel() for path in sorted((root / "trainB").iterdir())])
    low, high = np.percentile(values, [1, 99])
    assert done.metrics["scales"]["target"].startswith("K ")
    said = json.loads((tmp_path / "out/model/model.json").read_text())
    assert f"{low:g}" in json.dumps(said) and f"{high:g}" in json.dumps(said)
    assert done.methods["cycle"]["scores"]["rmse"]["unit"] == "K"


@pytest.mark.parametrize("translator", ["linear", "graydef"])
def test_what_is_fitted_on_pairs_says_that_there_are_none(root: Path, tmp_path: Path, translator: str) -> None:
    text = RECIPE.replace("cycle", translator).replace("train: {steps: 6, batch_size: 2, crop: 8}\n", "")
    said = fault(write_recipe(tmp_path, text), data=root, out=tmp_path / "out", preset=None)
    assert "pairs" in said and "There is nothing to fit on" in said
