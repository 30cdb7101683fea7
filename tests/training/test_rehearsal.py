"""A training gone through without data: words of a recipe that nobody knows are told before anything is learned."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from spectra.bench.teaching import rehearsed
from spectra.errors import SpectraError
from spectra.modalities import Task
from spectra.recipe.load import load_recipe
from spectra.recipe.recipe import Recipe
from spectra.recipe.train import TrainSettings
from spectra.settings import Config
from spectra.stage import Batch, Player, Stage, Update
from spectra.training.rehearsal import rehearse
from spectra.translator import Translator
from tests.training.miniatures import Journey, SharedPass

TASK = Task.parse("rgb2nir")
RECIPES = Path(__file__).parents[2] / "recipes"


def recipe(translator: str, task: str = "rgb2nir", **said: Any) -> Recipe:
    return Recipe.model_validate({"task": task, "translator": translator, "preset": "tiny", **said})


KNOWN: dict[str, tuple[str, dict[str, Any]]] = {
    "pix2pixhd": ("sar2eo", {"settings": {"width": 4}, "weights": {"generator": {"matching": 10, "l1": 2}}}),
    "cyclegan": ("rgb2nir", {"settings": {"width": 4}, "weights": {"generators": {"cycle_source": 5}}}),
}


@pytest.mark.parametrize("name", KNOWN)
def test_terms_of_the_methods_and_of_losses_are_known_and_others_refused(name: str) -> None:
    task, said = KNOWN[name]
    losses = {"l1": 1} if name == "pix2pixhd" else {}
    rehearsed(recipe(name, task, losses=losses, **said))
    ((player, terms),) = said["weights"].items()
    wrong = {"weights": {player: {**terms, "matchin": 1.0}}}
    with pytest.raises(SpectraError, match=f"No term of the player '{player}' is named 'matchin'"):
        rehearsed(recipe(name, task, losses=losses, **{**said, **wrong}))
    with pytest.raises(SpectraError, match=f"No player is named 'x{player}'. Did you mean '{player}'"):
        rehearsed(recipe(name, task, **{**said, "weights": {f"x{player}": terms}}))
    with pytest.raises(SpectraError, match="No stage is named 'firts'"):
        rehearsed(recipe(name, task, **said, train={"stages": {"firts": {"lr": 0.1}}}))


def test_a_loss_that_the_recipe_does_not_name_is_no_term() -> None:
    said = {"settings": {"width": 4}, "losses": {"l1": 1}}
    with pytest.raises(SpectraError, match=r"is named 'l2'\.\nKnown: adversarial, l1, matching"):
        rehearsed(recipe("pix2pixhd", "sar2eo", **said, weights={"generator": {"l2": 1}}))


class ByValues(SharedPass):
    """Its first step cannot be taken without values."""

    def forward(self, source: torch.Tensor) -> torch.Tensor:
        return super().forward(source * float(source.mean()))

    def stages(self) -> list[Stage]:
        return [Looking(self)]


class Looking(Stage):
    def __init__(self, nets: Any) -> None:
        super().__init__()
        self.nets, self.players = nets, {"generator": Player(nets.generator)}

    def step(self, batch: Batch) -> Iterator[Update]:
        source, target = batch.pairs
        yield Update("generator", **self.pairwise(self.nets(source), target))


class Unbuilt(Translator):
    def __init__(self, task: Task, settings: Config) -> None:
        super().__init__(task, settings)
        self.net = nn.Linear(2, 2)
        self.most = float(torch.rand(3).max())

    def forward(self, source: torch.Tensor) -> torch.Tensor:
        return source


def test_what_looks_at_values_is_left_to_the_training() -> None:
    settings = TrainSettings.model_validate({"stages": {"nobody": {}}})
    rehearse(lambda: Unbuilt(TASK, Config()), settings, {"nobody": {"no": 1.0}}, [])
    rehearse(lambda: ByValues(TASK, Config()), TrainSettings(), {"generator": {"no": 1.0}}, [])
    with pytest.raises(SpectraError, match="No player is named 'nobody'"):
        rehearse(lambda: ByValues(TASK, Config()), TrainSettings(), {"nobody": {"no": 1.0}}, [])


def test_nothing_is_built_with_data_and_nothing_is_drawn() -> None:
    devices = []

    class Notes(Journey):
        def __init__(self, task: Task, settings: Config) -> None:
            super().__init__(task, settings)
            devices.extend(parameter.device.type for parameter in self.parameters())

    before = torch.get_rng_state()
    rehearse(lambda: Notes(TASK, Config()), TrainSettings(), {"generators": {"cycle": 1.0}}, ["l1"])
    assert set(devices) == {"meta"} and torch.equal(torch.get_rng_state(), before)
    assert torch.zeros(1).device.type == "cpu"


def test_recipes_that_come_with_spectra_say_nothing_that_is_unknown() -> None:
    rehearsed(load_recipe(RECIPES / "pbvs_sar2eo.yaml", preset="tiny"))
