"""Who does what on which task: entrants become trials, one for each row and seed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from spectra.bench.contest.entrants import Entrant, Kind
from spectra.bench.contest.options import JUDGING, LEARNING, BenchOptions
from spectra.bench.needs import Options, heeds_preset, own_preset
from spectra.errors import SpectraError, UnknownName
from spectra.model_folder import DESCRIPTION, find_folder
from spectra.recipe.layers import Layers
from spectra.recipe.load import experiment, load_experiment
from spectra.recipe.recipe import EvaluateSettings, Recipe
from spectra.registry import registry

ANYBODY = "constant"
"""Supports every task: the translator of a recipe that only says what all are judged by."""


@dataclass(frozen=True)
class Trial:
    """What one row does with one seed."""

    method: str
    entrant: Entrant
    recipe: Recipe
    """Of what learns: how. Of what is there: on which data it is judged."""

    @property
    def kind(self) -> Kind:
        return self.entrant.kind

    @property
    def learns(self) -> bool:
        return self.kind in ("translator", "recipe") and bool(
            registry("translators").get(self.recipe.translator).learns()
        )

    def with_seed(self, seed: int) -> Trial:
        return replace(self, recipe=self.recipe.model_copy(update={"seed": seed}))


def home_tasks(entrants: Sequence[Entrant], options: BenchOptions) -> list[str]:
    """Every task that one of them was made for, in their order."""
    return list(dict.fromkeys(task for one in entrants for task in _homes(one, options)))


def _homes(entrant: Entrant, options: BenchOptions) -> list[str]:
    if entrant.kind == "translator":
        return list(registry("translators").get(entrant.what).home_tasks)
    if entrant.kind == "recipe":
        return [recipe.task for recipe in recipes_of(entrant, options)]
    return [task_of_model(entrant.path)] if entrant.kind == "model" else []


def recipes_of(entrant: Entrant, options: BenchOptions) -> tuple[Recipe, ...]:
    """One, or one for each row of its matrix; with the preset that was meant for it, where its translator has it."""
    said = options.to_needs(entrant.preset)
    preset = own_preset(entrant.path, said) if _heard(entrant, said) else None
    return load_experiment(entrant.path, preset=preset, **options.said()).recipes


def _heard(entrant: Entrant, said: Options) -> bool:
    """A preset for all is passed over where there is none of that name; one of the entrant's own (`@`) is not."""
    return "@" in entrant.name or heeds_preset(entrant.path, said)


def deaf(entrants: Sequence[Entrant], options: BenchOptions) -> list[str]:
    """Who has no preset of the name that is meant for all. Where nobody has it, it is a slip of the pen."""
    asked = [one for one in entrants if one.kind in ("translator", "recipe") and "@" not in one.name]
    passed = [one.name for one in asked if not _heeds(one, options)]
    if options.preset is not None and asked and len(passed) == len(asked):
        translators = [registry("translators").get(one.what) for one in asked if one.kind == "translator"]
        raise UnknownName("preset of any method", options.preset, {name for it in translators for name in it.presets})
    return passed if options.preset is not None else []


def _heeds(entrant: Entrant, options: BenchOptions) -> bool:
    if entrant.kind == "translator":
        return entrant.preset == options.preset
    return heeds_preset(entrant.path, options.to_needs(options.preset))


def task_of_model(folder: Path) -> str:
    found = find_folder(folder)
    assert found is not None  # a path is a folder, or an error was raised
    try:
        task: str = json.loads((found / DESCRIPTION).read_text(encoding="utf-8"))["task"]
    except (OSError, ValueError, KeyError, TypeError) as why:
        raise SpectraError(f"{str(found / DESCRIPTION)!r} is damaged: {why}.") from None
    return task


def judge_of(task: str, entrants: Sequence[Entrant], options: BenchOptions) -> Recipe:
    """What all are judged by on a task: the data and the evaluation of the first recipe for it, or the defaults."""
    own = next((recipe for _, recipe in _recipes_for(task, entrants, options)), None)
    said = _common(own, JUDGING) if own else {"evaluate": EvaluateSettings().model_dump(mode="json")}
    if options.metrics:
        said["evaluate"]["metrics"] = {name: {} for name in options.metrics}
    base = Layers({"name": "bench", "task": task, "translator": ANYBODY, **said})
    return experiment(base, sets=options.judging_sets, data=options.root, seed=options.seed).recipes[0]


def _common(recipe: Recipe, words: Sequence[str]) -> dict[str, Any]:
    whole = recipe.model_dump(mode="json")
    return {word: whole[word] for word in words}


def _recipes_for(task: str, entrants: Sequence[Entrant], options: BenchOptions) -> Iterator[tuple[Entrant, Recipe]]:
    for entrant in entrants:
        if entrant.kind == "recipe":
            yield from ((entrant, recipe) for recipe in recipes_of(entrant, options) if recipe.task == task)


def overruled(task: str, entrants: Sequence[Entrant], options: BenchOptions) -> Iterator[str]:
    """A note for each recipe that would be judged in another way than by the first."""
    found = list(_recipes_for(task, entrants, options))
    differing = dict.fromkeys(one.name for one, recipe in found if recipe.evaluate != found[0][1].evaluate)
    for name in differing:
        first = found[0][0].name
        whose = "the first row of its matrix" if name == first else first
        yield f"{name} says another `evaluate` for {task} than {whose}: all are judged as that one says."


def trials_of(task: str, entrants: Sequence[Entrant], judge: Recipe, options: BenchOptions) -> Iterator[Trial]:
    """One trial for each row; whoever does not support the task has none."""
    for entrant in entrants:
        if entrant.kind == "translator":
            if registry("translators").get(entrant.what).supports(judge.resolved_task()):
                yield Trial(entrant.name, entrant, _of_translator(entrant, judge, options))
        elif entrant.kind == "recipe":
            for recipe in recipes_of(entrant, options):
                if recipe.task == task:
                    name = f"{entrant.name} {recipe.row}" if recipe.row else entrant.name
                    yield Trial(name, entrant, _judged_by(recipe, judge))
        elif entrant.kind == "predictions" or task_of_model(entrant.path) == task:
            yield Trial(entrant.name, entrant, judge)


def _of_translator(entrant: Entrant, judge: Recipe, options: BenchOptions) -> Recipe:
    """What `spectra run` would make of a recipe that names the translator, the task and the data."""
    common = _common(judge, LEARNING)
    base = Layers({"name": "bench", "task": judge.task, "translator": entrant.what, **common})
    recipe = experiment(base, preset=entrant.preset, **options.said()).recipes[0]
    return _judged_by(recipe, judge)


def of_preset(recipe: Recipe) -> Recipe:
    """What its translator is by that preset alone, or by itself, on the same task and data."""
    base = Layers({"name": "bench", "task": recipe.task, "translator": recipe.translator, **_common(recipe, LEARNING)})
    try:
        return experiment(base, preset=recipe.preset).recipes[0]
    except SpectraError:  # settings that have no default must be said
        return recipe.model_copy(update={"settings": {}})


def _judged_by(recipe: Recipe, judge: Recipe) -> Recipe:
    """It is judged as all are, so what it says of that does not matter; but while it learns it may look at metrics."""
    own, validation, evaluate = recipe.evaluate.metrics, recipe.train.validation, EvaluateSettings()
    if validation is not None:
        lacking = {validation.metric: judge.evaluate.metrics.get(validation.metric)}
        asked = {name: said for name, said in lacking.items() if name not in own and said is not None}
        evaluate = evaluate.model_copy(update={"metrics": {**own, **asked}, "resize": judge.evaluate.resize})
    return recipe.model_copy(update={"evaluate": evaluate})


def seeds_of(trial: Trial, count: int) -> list[int]:
    """So many where chance plays a part; else one."""
    first = trial.recipe.seed
    return [first + place for place in range(count if trial.learns else 1)]
