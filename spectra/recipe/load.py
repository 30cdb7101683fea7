"""From a recipe file to checked recipes: extends < recipe < preset < row of a matrix < `--set`."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spectra.errors import BrokenPlugin, RecipeError, UnknownName
from spectra.recipe.check import faults_of
from spectra.recipe.dump import recipe_text
from spectra.recipe.faults import LISTED, Fault, raise_faults
from spectra.recipe.layers import Key, Layers, parse_assignment, read_layers
from spectra.recipe.matrix import Matrix, may_vary, refuse_touching, rows, take_matrix, written
from spectra.recipe.positions import Position
from spectra.recipe.recipe import LossEntry, Recipe
from spectra.registry import registry

Assignment = tuple[Key, Any, str]
FILE_ONLY = {"extends", "matrix"}
WRONG_ROWS = 20
"""After so many rows with faults the others are not looked at: they mostly share them."""


@dataclass(frozen=True)
class Experiment:
    """What a recipe file stands for."""

    recipes: tuple[Recipe, ...]
    """One, or one for each row of its matrix."""
    text: str
    """The resolved recipe: YAML that stands for itself."""


def load_experiment(
    path: Path | str,
    *,
    preset: str | None = None,
    sets: Sequence[str] = (),
    data: Path | str | None = None,
    seed: int | None = None,
) -> Experiment:
    """Read a recipe file, lay presets and overrides over it, and check it. All faults of all rows are told together."""
    base = read_layers(Path(path))
    base.data.setdefault("name", re.sub(r"[^\w.-]+", "_", Path(path).stem)[:100])
    return experiment(base, preset=preset, sets=sets, data=data, seed=seed)


def experiment(
    base: Layers,
    *,
    preset: str | None = None,
    sets: Sequence[str] = (),
    data: Path | str | None = None,
    seed: int | None = None,
) -> Experiment:
    """What a recipe stands for that is no file."""
    _refuse_row(base)
    matrix = take_matrix(base)
    assigned = list(_assigned(sets, {("preset",): preset, ("data", "root"): data, ("seed",): seed}))
    refuse_touching(assigned, matrix)
    recipes = tuple(_checked(base, matrix, assigned))
    _refuse_equal(recipes)
    # A preset in the matrix would win over --set when the text is run again, so --set goes into the matrix too.
    again = {key: [value] for key, value, _ in assigned if may_vary(key)} if ("preset",) in matrix else {}
    return Experiment(recipes, recipe_text(recipes, {written(key): said for key, said in {**matrix, **again}.items()}))


def load_recipe(path: Path | str, **overrides: Any) -> Recipe:
    """The one recipe of a file without a matrix."""
    recipes = load_experiment(path, **overrides).recipes
    if len(recipes) > 1:
        raise RecipeError(f"{path}: its matrix stands for {len(recipes)} recipes: ask load_experiment for them.")
    return recipes[0]


def _assigned(sets: Sequence[str], options: Mapping[Key, Any]) -> Iterator[Assignment]:
    """What the command line says, `--set` first."""
    for key, value in map(parse_assignment, sets):
        if key[0] in FILE_ONLY:
            raise RecipeError(f"--set {written(key)}: only a recipe file can say `{key[0]}`.")
        if key[0] == "row":
            raise RecipeError("--set row: there is no such key.")
        yield key, value, "--set"
    for key, value in options.items():
        if value is not None:
            yield (
                key,
                str(value) if isinstance(value, Path) else value,
                f"--{key[-1] if key != ('data', 'root') else 'data'}",
            )


def _checked(base: Layers, matrix: Matrix, assigned: Sequence[Assignment]) -> Iterator[Recipe]:
    """The recipe of each row; the faults of all rows together, where there are any."""
    faults: dict[Fault, None] = {}
    recipes, wrong = [], 0
    for name, chosen in rows(matrix):
        layers, unlaid = _finished(base.copy(), name, chosen, assigned)
        found = [*unlaid, *itertools.islice(faults_of(layers), LISTED + 1)]
        faults.update(dict.fromkeys(found))
        if not faults:
            recipes.append(_complete(Recipe.model_validate_json(json.dumps(layers.data), strict=True)))
        wrong += bool(found)
        if len(faults) > LISTED or wrong > WRONG_ROWS:
            break
    if faults:
        raise_faults(list(faults))
    return iter(recipes)


def _finished(
    layers: Layers, row: str, chosen: Mapping[Key, Any], assigned: Sequence[Assignment]
) -> tuple[Layers, list[Fault]]:
    """Lay the preset over the recipe, then the row of the matrix, then what the command line sets."""
    sets: list[Assignment] = [(key, value, f"matrix row {row!r}") for key, value in chosen.items()]
    sets += assigned
    for key, value, origin in sets:
        if key in (("preset",), ("translator",)):
            layers.set(key, value, origin)
    unlaid = list(_lay_preset(layers))
    for key, value, origin in sets:
        layers.set(key, value, origin)
    if row:
        layers.data["row"] = row
    return layers, unlaid


def _lay_preset(layers: Layers) -> Iterator[Fault]:
    translator, preset = layers.data.get("translator"), layers.data.get("preset")
    if not isinstance(preset, str) or not isinstance(translator, str):
        return
    try:
        presets = registry("translators").get(translator).presets
    except (UnknownName, BrokenPlugin):
        return  # told as a fault of the translator itself
    if preset not in presets:
        fault = str(UnknownName(f"preset of {translator!r}", preset, presets))
        yield layers.fault(f"preset: {fault}", ("preset",))
        return
    layers.lay(presets[preset], Position(f"preset {preset!r} of {translator}", 0, 0))


def _complete(recipe: Recipe) -> Recipe:
    """The same recipe with the defaults of its plugins written out, so that it means the same when these change."""
    losses = {
        name: LossEntry.model_validate({**entry.said, **_settings("losses", name, entry.settings)})
        for name, entry in recipe.losses.items()
    }
    metrics = {name: _settings("metrics", name, said) for name, said in recipe.evaluate.metrics.items()}
    said = {
        "settings": _settings("translators", recipe.translator, recipe.settings),
        "losses": losses,
        "evaluate": recipe.evaluate.model_copy(update={"metrics": metrics}),
    }
    return recipe.model_copy(update=said)


def _settings(group: str, name: str, said: Mapping[str, Any]) -> dict[str, Any]:
    settings = registry(group).get(name).Settings.model_validate_json(json.dumps(said), strict=True)
    dumped: dict[str, Any] = settings.model_dump(mode="json")
    return dumped


def _refuse_row(base: Layers) -> None:
    if "row" in base.data:
        raise_faults([base.fault("row: there is no such key.", ("row",))])


def _refuse_equal(recipes: Sequence[Recipe]) -> None:
    """Two rows that say the same would stand in the table under two names."""
    known: dict[str, str] = {}
    for recipe in recipes:
        text = recipe.model_dump_json(exclude={"row", "preset"})
        if text in known:
            raise RecipeError(f"The rows {known[text]!r} and {recipe.row!r} of the matrix are the same experiment.")
        known[text] = recipe.row
