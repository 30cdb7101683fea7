"""What becomes of a recipe whose pretrained weights are not here: its losses, and the metric that chooses the best."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from spectra import weights
from spectra.model import validated
from spectra.recipe.recipe import Recipe
from spectra.registry import registry
from spectra.weights import MissingWeights

Missing = Mapping[str, Sequence[str]]
"""Names of weights by what needs them."""


def without_missing(recipe: Recipe, from_scenes: bool, tiny: bool) -> tuple[Recipe, list[str]]:
    """The recipe as it can be carried out, and a note for all that had to be left out of it.

    On real data nothing is left out: ``MissingWeights`` names all that is missing. On the built-in scenes, and with the
    preset ``tiny``, a run is there to see that all works, and goes on without. A loss of weight 0 needs nothing.
    """
    losses = {name: names for name in recipe.counting if (names := _of_loss(recipe, name))}
    choice = _of_choice(recipe)
    if not losses and not choice:
        return recipe, []
    if not (from_scenes or tiny):
        raise MissingWeights.of(_needed_by(losses, choice))
    notes = [*(_note(name, names) for name, names in losses.items()), *_notes_of_choice(choice)]
    kept = {name: entry for name, entry in recipe.losses.items() if name not in losses}
    recipe = recipe.model_copy(update={"losses": kept})
    return (_with_the_last(recipe) if choice else recipe), notes


def _of_loss(recipe: Recipe, name: str) -> list[str]:
    """Which of the weights that a loss of the recipe needs are not here."""
    component = registry("losses").get(name)
    return _not_here(component.needs(validated(component, name, recipe.losses[name].settings)))


def _of_choice(recipe: Recipe) -> Missing:
    """The metric that says which weights are the best, where it cannot say it: no look would be better than another."""
    validation, metrics = recipe.train.validation, recipe.evaluate.metrics
    if validation is None or validation.choose != "best" or validation.metric not in metrics:
        return {}
    if not registry("translators").get(recipe.translator).learns():
        return {}
    component = registry("metrics").get(validation.metric)
    names = _not_here(component.needs(validated(component, validation.metric, metrics[validation.metric])))
    return {validation.metric: names} if names else {}


def _not_here(needed: Sequence[str]) -> list[str]:
    return [one for one in dict.fromkeys(needed) if weights.find(one) is None]


def _with_the_last(recipe: Recipe) -> Recipe:
    assert recipe.train.validation is not None
    validation = recipe.train.validation.model_copy(update={"choose": "last"})
    return recipe.model_copy(update={"train": recipe.train.model_copy(update={"validation": validation})})


def _needed_by(losses: Missing, choice: Missing) -> dict[str, str]:
    """Names of weights to what needs them."""
    found: dict[str, list[str]] = {}
    for name in dict.fromkeys(one for missing in (losses, choice) for names in missing.values() for one in names):
        by = [repr(loss) for loss, names in losses.items() if name in names]
        told = [f"the loss{'es' * (len(by) > 1)} {' and '.join(by)}"] if by else []
        metrics = [metric for metric, names in choice.items() if name in names]
        told += [f"the metric {metric!r}, by which `train.validation` chooses the best" for metric in metrics]
        found[name] = told
    return {name: " and ".join(told) for name, told in found.items()}


def _note(name: str, names: Sequence[str]) -> str:
    return (
        f"The loss {name!r} is left out: it needs the weights {' and '.join(names)}, which are not here. "
        f"Get them: spectra weights fetch {' '.join(names)}"
    )


def _notes_of_choice(choice: Missing) -> Iterator[str]:
    for metric, names in choice.items():
        yield (
            f"The model has the weights of its last step, not of the best: `train.validation` was to choose by "
            f"{metric!r}, which needs the weights {' and '.join(names)}, which are not here. "
            f"Get them: spectra weights fetch {' '.join(names)}"
        )
