"""From a recipe file to checked recipes: extends < recipe < preset < `--set`; a matrix stands for several."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spectra.errors import BrokenPlugin, RecipeError, UnknownName
from spectra.recipe.check import faults_of
from spectra.recipe.dump import recipe_text
from spectra.recipe.faults import Fault, raise_faults
from spectra.recipe.layers import Key, Layers, parse_assignment, read_layers
from spectra.recipe.positions import Position
from spectra.recipe.recipe import Recipe
from spectra.registry import registry

MATRIX_ROOTS = ("translator", "preset", "settings", "losses", "weights", "train", "seed")
MOST_ROWS = 1000


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
    path = Path(path)
    base = read_layers(path)
    base.data.setdefault("name", path.stem)
    matrix = _matrix(base)
    assigned = [(key, value, "--set") for key, value in map(parse_assignment, sets)]
    assigned += [] if preset is None else [(("preset",), preset, "--preset")]
    assigned += [] if data is None else [(("data", "root"), str(data), "--data")]
    assigned += [] if seed is None else [(("seed",), seed, "--seed")]
    _refuse_twice(assigned, matrix)
    finished = [_finish(base.copy(), name, chosen, assigned) for name, chosen in _rows(matrix)]
    if faults := list(dict.fromkeys(fault for layers in finished for fault in faults_of(layers))):
        raise_faults(faults)
    recipes = tuple(Recipe.model_validate_json(json.dumps(layers.data), strict=True) for layers in finished)
    # A preset in the matrix would win over --set when the text is run again, so --set goes into the matrix too.
    again = {".".join(map(str, key)): [value] for key, value, _ in assigned} if "preset" in matrix else {}
    return Experiment(recipes, recipe_text(recipes, {**matrix, **{k: v for k, v in again.items() if _may_vary(k)}}))


def load_recipe(path: Path | str, **overrides: Any) -> Recipe:
    """The one recipe of a file without a matrix."""
    recipes = load_experiment(path, **overrides).recipes
    if len(recipes) > 1:
        raise RecipeError(f"{path}: its matrix stands for {len(recipes)} recipes: ask load_experiment for them.")
    return recipes[0]


Assignment = tuple[Key, Any, str]


def _finish(layers: Layers, row: str, chosen: Mapping[Key, Any], assigned: Sequence[Assignment]) -> Layers:
    """Lay the preset over the recipe, then the row of the matrix, then what the command line sets."""
    sets: list[Assignment] = [(key, value, f"matrix row {row!r}") for key, value in chosen.items()]
    sets += assigned
    for key, value, origin in sets:
        if key in (("preset",), ("translator",)):
            layers.set(key, value, origin)
    _lay_preset(layers)
    for key, value, origin in sets:
        layers.set(key, value, origin)
    if row:
        layers.data["row"] = row
    return layers


def _lay_preset(layers: Layers) -> None:
    translator, preset = layers.data.get("translator"), layers.data.get("preset")
    if not isinstance(preset, str) or not isinstance(translator, str):
        return
    try:
        presets = registry("translators").get(translator).presets
    except (UnknownName, BrokenPlugin):
        return  # told as a fault of the translator itself
    if preset not in presets:
        fault = str(UnknownName(f"preset of {translator!r}", preset, presets))
        raise_faults([layers.fault(f"preset: {fault}", ("preset",))])
    layers.lay(presets[preset], Position(f"preset {preset!r} of {translator}", 0, 0))


def _matrix(base: Layers) -> dict[str, list[Any]]:
    matrix = base.data.pop("matrix", None)
    if matrix is None:
        return {}
    if faults := list(_matrix_faults(base, matrix)):
        raise_faults(faults)
    checked: dict[str, list[Any]] = matrix
    return checked


def _rows(matrix: Mapping[str, list[Any]]) -> Iterator[tuple[str, dict[Key, Any]]]:
    """Every combination of values, named by the settings that vary."""
    keys = [tuple(path.split(".")) for path in matrix]
    leaves = [key[-1] for key in keys]
    labels = [key[-1] if leaves.count(key[-1]) == 1 else ".".join(key) for key in keys]
    vary = [len(values) > 1 for values in matrix.values()]
    for values in itertools.product(*matrix.values()):
        told = [f"{label}={_short(value)}" for label, value, many in zip(labels, values, vary, strict=True) if many]
        yield ", ".join(told), dict(zip(keys, values, strict=True))


def _may_vary(path: str) -> bool:
    return path.split(".")[0] in MATRIX_ROOTS


def _matrix_faults(base: Layers, matrix: Any) -> Iterator[Fault]:
    if not isinstance(matrix, dict) or not matrix:
        yield base.fault(
            "matrix: write setting paths and their lists, such as `settings.factor: [1.0, 1.3]`.", ("matrix",)
        )
        return
    rows = 1
    for path, values in matrix.items():
        here: Key = ("matrix", path)
        if not _may_vary(path):
            yield base.fault(
                f"matrix.{path}: rows share their data; a path begins with one of {', '.join(MATRIX_ROOTS)}.", here
            )
        if not isinstance(values, list) or not values:
            yield base.fault(f"matrix.{path}: should be a list of values, not {values!r}.", here)
            continue
        if any(value in values[:place] for place, value in enumerate(values)):
            yield base.fault(f"matrix.{path}: holds a value twice.", here)
        rows *= len(values)
    if rows > MOST_ROWS:
        yield base.fault(f"matrix: stands for {rows} rows; at most {MOST_ROWS} are allowed.", ("matrix",))


def _refuse_twice(assigned: Sequence[Assignment], matrix: Mapping[str, list[Any]]) -> None:
    for key, _, origin in assigned:
        path = ".".join(map(str, key))
        if path in matrix:
            raise RecipeError(f"{origin} {path}: the matrix of the recipe sets it too, in every row.")


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
