"""How long the stages of a recipe are, and how long a step of each takes here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from spectra.bench.harness import prepare
from spectra.bench.teaching import Surroundings, feed_of
from spectra.data.open import Data
from spectra.model import create
from spectra.recipe.recipe import Recipe
from spectra.recipe.train import StageSettings
from spectra.training.course import Course, Leg
from spectra.training.progress import Progress, Validation

TRIAL = 12
"""Steps of each stage that are tried: the first half warms up and is left out."""


def legs_of(recipe: Recipe, data: Data) -> Sequence[Leg]:
    """The stages of what the recipe teaches, and their lengths on this data; none, where it has none."""
    model = create(recipe.translator, data.task, settings=recipe.settings)
    stages = model.translator.stages()
    return Course(stages, recipe.train, feed_of(recipe, data, model, Surroundings())).legs if stages else []


def pace_of(recipe: Recipe, data: Data, legs: Sequence[Leg], around: Surroundings) -> list[float]:
    """Seconds of a step of each stage: of a short training that is thrown away, median of its later half."""
    clock = _Clock()
    quiet = replace(around, folder=None, said=lambda text: None, watchers=(*around.watchers, clock))
    prepare(_short(recipe, legs), data, quiet)
    return [clock.pace(leg.stage.name) for leg in legs]


def _short(recipe: Recipe, legs: Sequence[Leg]) -> Recipe:
    """Schedules and cadences do not matter here: nothing is kept of what it learns."""
    stages = {
        leg.stage.name: recipe.train.stages.get(leg.stage.name, StageSettings()).model_copy(
            update={"steps": min(TRIAL, leg.steps)}
        )
        for leg in legs
    }
    return recipe.model_copy(update={"train": recipe.train.model_copy(update={"stages": stages, "validation": None})})


class _Clock:
    """A watcher that notes how long steps take."""

    every = 1_000_000_000

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}

    def stepped(self, progress: Progress) -> None:
        self.seconds.setdefault(progress.stage, []).append(progress.seconds)

    def pace(self, stage: str) -> float:
        """A stage of no steps takes none."""
        found = self.seconds.get(stage, [0.0])
        return median(found[len(found) // 2 :])

    def validated(self, validation: Validation) -> None:
        """There is none."""

    def resumed(self, total: int) -> None:
        """It begins anew each time."""

    def closed(self) -> None:
        """Nothing is open."""
