"""Losses, and a metric that is to choose, without their pretrained weights: a stop on real data, a note on the built-in
scenes and with `tiny`."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from spectra import cache
from spectra.bench.missing import without_missing
from spectra.bench.run import run
from spectra.errors import SpectraError
from spectra.recipe.recipe import Recipe
from spectra.weights import KNOWN, Entry, MissingWeights
from tests.pair_folders import write_data, write_pairs, write_recipe
from tests.plugin_packages import PluginPackages

CONTENT = b"weights of ducks"
NOTE = (
    "The loss 'quack' is left out: it needs the weights duck, which are not here. Get them: spectra weights fetch duck"
)
LOSSES = """
from typing import Literal
from torch import nn
from spectra import Config, Loss, Metric, Player, Stage, Translator, Update

class Settings(Config):
    also: Literal["nothing", "goose"] = "nothing"

class Quack(Loss):
    api_version = 1
    Settings = Settings

    @classmethod
    def needs(cls, settings):
        return ("duck", "goose") if settings.also == "goose" else ("duck",)

    def forward(self, prediction, target):
        raise AssertionError("it is not even built")

class Honk(Quack):
    api_version = 1

    @classmethod
    def needs(cls, settings):
        return ("goose", "goose")

class Feathers(Metric):
    api_version = 1
    signature = "feathers|v1"

    @classmethod
    def needs(cls, settings):
        return ("duck",)

    def update(self, item):
        raise AssertionError("it is not even asked")

    merge = result = update

class Learn(Stage):
    name = "train"
    def __init__(self, net):
        super().__init__()
        self.net, self.players = net, {"generator": Player(net)}
    def step(self, batch):
        source, target = batch.pairs
        yield Update("generator", **self.pairwise(self.net(source), target))

class Pupil(Translator):
    api_version = 1
    def __init__(self, task, settings):
        super().__init__(task, settings)
        self.net = nn.Conv2d(3, 1, 1)
    def forward(self, source):
        return self.net(source)
    def stages(self):
        return [Learn(self.net)]
"""


@pytest.fixture(autouse=True)
def birds(plugin_packages: PluginPackages, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two losses that need weights, which are nowhere."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.delenv("SPECTRA_WEIGHTS", raising=False)
    entries = {
        "losses": {"quack": "birds:Quack", "honk": "birds:Honk"},
        "metrics": {"feathers": "birds:Feathers"},
        "translators": {"pupil": "birds:Pupil"},
    }
    plugin_packages.add("birds", entries, LOSSES)
    for name in ("duck", "goose"):
        digest = hashlib.sha256(CONTENT).hexdigest()
        monkeypatch.setitem(KNOWN, name, Entry(name, f"https://pond.invalid/{name}.pth", digest, 2**21, name, "free"))


def recipe(**losses: Any) -> Recipe:
    return Recipe.model_validate({"task": "rgb2ir", "translator": "graydef", "losses": losses})


def here(name: str) -> None:
    cache.weights().mkdir(parents=True, exist_ok=True)
    (cache.weights() / f"{name}.pth").write_bytes(CONTENT)


@pytest.mark.parametrize(("from_scenes", "tiny"), [(True, False), (False, True), (True, True)])
def test_on_scenes_and_with_tiny_the_loss_is_left_out_and_named(from_scenes: bool, tiny: bool) -> None:
    changed, notes = without_missing(recipe(l1=10, quack=1), from_scenes, tiny)
    assert list(changed.losses) == ["l1"] and changed.losses["l1"].weight == 10
    assert notes == [NOTE]


def test_only_the_losses_of_the_recipe_change() -> None:
    before = recipe(l1=10, quack=1)
    changed, _ = without_missing(before, True, False)
    assert changed.model_copy(update={"losses": before.losses}) == before
    assert list(before.losses) == ["l1", "quack"]


def test_every_loss_left_out_has_its_note() -> None:
    changed, notes = without_missing(recipe(quack={"weight": 2, "also": "goose"}, honk=1), True, False)
    assert changed.losses == {}
    assert [note.partition(" is left out")[0] for note in notes] == ["The loss 'quack'", "The loss 'honk'"]
    assert "the weights duck and goose, which" in notes[0] and notes[0].endswith("spectra weights fetch duck goose")
    assert "the weights goose, which" in notes[1]


def test_on_real_data_the_run_stops_with_all_that_is_missing_and_the_remedy() -> None:
    with pytest.raises(MissingWeights) as caught:
        without_missing(recipe(quack={"weight": 2, "also": "goose"}, honk=1, l1=1), False, False)
    assert caught.value.names == ("duck", "goose")
    told = str(caught.value)
    assert "duck (2 MB), needed by the loss 'quack': there is no duck.pth" in told
    assert "goose (2 MB), needed by the losses 'quack' and 'honk': there is no goose.pth" in told
    assert "spectra weights fetch duck goose" in told
    for name in ("duck", "goose"):
        assert f"https://pond.invalid/{name}.pth" in told and f"spectra weights import {name}.pth" in told
    assert str(cache.weights()) in told


@pytest.mark.parametrize("from_scenes", [True, False])
def test_a_loss_of_weight_zero_needs_nothing(from_scenes: bool) -> None:
    before = recipe(l1=1, quack=0)
    assert without_missing(before, from_scenes, False) == (before, [])


@pytest.mark.parametrize("from_scenes", [True, False])
def test_what_is_here_stays(from_scenes: bool) -> None:
    here("duck")
    before = recipe(quack=1)
    assert without_missing(before, from_scenes, False) == (before, [])


def test_the_settings_of_a_loss_decide_what_it_needs() -> None:
    here("duck")
    with pytest.raises(MissingWeights) as caught:
        without_missing(recipe(quack={"also": "goose"}), False, False)
    assert caught.value.names == ("goose",)


def test_a_damaged_file_does_not_count() -> None:
    here("duck")
    (cache.weights() / "duck.pth").write_bytes(CONTENT[:-3])
    assert without_missing(recipe(quack=1), True, False)[1] == [NOTE]
    with pytest.raises(MissingWeights, match=r"duck\.pth' is damaged, or another file"):
        without_missing(recipe(quack=1), False, False)


def chosen_by(metric: str, translator: str = "pupil", **said: Any) -> Recipe:
    validation = {"metric": metric, **said}
    about = {"train": {"validation": validation}, "evaluate": {"metrics": {metric: {}}}}
    return Recipe.model_validate({"task": "rgb2ir", "translator": translator, "losses": {"l1": 1}, **about})


def test_a_metric_that_cannot_choose_stops_a_run_on_real_data_before_it_learns() -> None:
    with pytest.raises(MissingWeights) as caught:
        without_missing(chosen_by("feathers"), False, False)
    told = str(caught.value)
    assert "the metric 'feathers', by which `train.validation` chooses the best" in told
    assert "spectra weights fetch duck" in told


@pytest.mark.parametrize(("from_scenes", "tiny"), [(True, False), (False, True)])
def test_on_scenes_and_with_tiny_the_last_weights_take_the_place_of_the_best(from_scenes: bool, tiny: bool) -> None:
    before = chosen_by("feathers", images=3)
    changed, notes = without_missing(before, from_scenes, tiny)
    assert changed.train.validation is not None
    assert changed.train.validation.choose == "last" and changed.train.validation.images == 3
    assert changed.losses == before.losses
    assert len(notes) == 1 and "weights of its last step" in notes[0] and "spectra weights fetch duck" in notes[0]


def test_who_does_not_choose_by_it_or_has_it_needs_nothing() -> None:
    for before in (chosen_by("feathers", choose="last"), chosen_by("psnr"), chosen_by("feathers", "graydef")):
        assert without_missing(before, False, False) == (before, [])
    here("duck")
    assert without_missing(chosen_by("feathers"), False, False) == (chosen_by("feathers"), [])


def test_weights_of_a_loss_and_of_the_choice_are_told_together() -> None:
    both = chosen_by("feathers").model_copy(update={"losses": recipe(quack=1).losses})
    with pytest.raises(MissingWeights) as caught:
        without_missing(both, False, False)
    assert "needed by the loss 'quack' and the metric 'feathers'" in str(caught.value)
    assert len(without_missing(both, True, False)[1]) == 2


def test_a_run_says_it_in_the_terminal_the_model_and_the_metrics(tmp_path: Path) -> None:
    said = "task: rgb2ir\ntranslator: pupil\nlosses: {l1: 1}\n"
    train = "train: {steps: 2, crop: 32, validation: {metric: feathers, every: 1, images: 1}}\n"
    file = write_recipe(tmp_path, f"{said}{train}evaluate: {{metrics: [psnr, feathers], floors: [], samples: 0}}\n")
    heard: list[str] = []
    sets = ("data.scenes.size=32", "data.scenes.train=2", "data.scenes.test=1", "data.scenes.validation=1")
    done = run(file, out=tmp_path / "run", sets=sets, said=heard.append)
    notes = done.methods["pupil"]["notes"]
    assert sum("last step" in note for note in notes) == 1
    assert any(text.startswith("pupil: The model has the weights of its last step") for text in heard)
    assert "last step" in (tmp_path / "run/model/model.json").read_text("utf-8")
    write_pairs(root := write_data(tmp_path / "pairs"), "held")
    with pytest.raises(MissingWeights, match="chooses the best"):
        run(file, data=root, out=tmp_path / "real", sets=("data.validation=held",))
    assert not (tmp_path / "real").exists() and not (tmp_path / "real.training").exists()


def test_weights_that_nobody_knows_are_an_error_even_on_scenes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(KNOWN, "duck")
    with pytest.raises(SpectraError, match="No set of pretrained weights is named 'duck'"):
        without_missing(recipe(quack=1), True, False)
