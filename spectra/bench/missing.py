"""What becomes of losses whose pretrained weights are not here."""

from __future__ import annotations

from spectra import weights
from spectra.model import validated
from spectra.recipe.recipe import Recipe
from spectra.registry import registry
from spectra.weights import MissingWeights


def without_missing(recipe: Recipe, from_scenes: bool, tiny: bool) -> tuple[Recipe, list[str]]:
    """The recipe as it can be carried out, and a note for each loss that had to be left out of it.

    On real data nothing is left out: ``MissingWeights`` names all that is missing. On the built-in scenes, and with the
    preset ``tiny``, a run is there to see that all works, and goes on without. A loss of weight 0 needs nothing.
    """
    missing = {name: names for name in recipe.counting if (names := _missing(recipe, name))}
    if not missing:
        return recipe, []
    if not (from_scenes or tiny):
        raise MissingWeights.of(_needed_by(missing))
    kept = {name: entry for name, entry in recipe.losses.items() if name not in missing}
    return recipe.model_copy(update={"losses": kept}), [_note(name, names) for name, names in missing.items()]


def _missing(recipe: Recipe, name: str) -> list[str]:
    """Which of the weights that a loss of the recipe needs are not here."""
    entry = recipe.losses[name]
    component = registry("losses").get(name)
    needed = dict.fromkeys(component.needs(validated(component, name, entry.settings)))
    return [one for one in needed if weights.find(one) is None]


def _needed_by(missing: dict[str, list[str]]) -> dict[str, str]:
    """Names of weights to the losses that need them."""
    losses: dict[str, list[str]] = {}
    for name, names in missing.items():
        for one in names:
            losses.setdefault(one, []).append(repr(name))
    return {one: f"the loss{'es' * (len(by) > 1)} {' and '.join(by)}" for one, by in losses.items()}


def _note(name: str, names: list[str]) -> str:
    return (
        f"The loss {name!r} is left out: it needs the weights {' and '.join(names)}, which are not here. "
        f"Get them: spectra weights fetch {' '.join(names)}"
    )
