"""A resolved recipe as a file that stands for itself: nothing to extend, defaults and presets written out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from spectra.recipe.recipe import Recipe


def recipe_text(recipes: Sequence[Recipe], matrix: Mapping[str, list[Any]]) -> str:
    """The YAML of what is carried out; running it again needs no base, no preset and no `--set`."""
    said = _shared([_said(recipe) for recipe in recipes])
    presets = dict.fromkeys(recipe.preset for recipe in recipes if recipe.preset)
    header = (
        f"# The values of the preset {', '.join(presets)} are written out below.\n"
        if presets and "preset" not in matrix
        else ""
    )
    body = {**said, "matrix": dict(matrix)} if matrix else said
    return header + yaml.safe_dump(body, sort_keys=False, allow_unicode=True, width=120)


def _said(recipe: Recipe) -> dict[str, Any]:
    """The recipe's own keys without those that say nothing; of a plugin's settings, `null` may be a word."""
    own = recipe.model_dump(mode="json", exclude={"row": True, "preset": True, "settings": True, "losses": True})
    said = _without_nothing(own)
    if recipe.data.root is not None:
        said["data"]["root"] = str(recipe.data.root.resolve())
    if recipe.data.split is not None:
        said["data"]["split"]["file"] = str(recipe.data.split.file.resolve())
    if recipe.init_from is not None:
        paths = {key: getattr(recipe.init_from, key) for key in ("recipe", "run")}
        said["init_from"] |= {key: str(path.resolve()) for key, path in paths.items() if path is not None}
    said["settings"] = _with_whole_paths(recipe.settings) if recipe.translator == "chain" else recipe.settings
    said["losses"] = {name: {**entry.said, **entry.settings} for name, entry in recipe.losses.items()}
    said["evaluate"]["metrics"] = recipe.evaluate.metrics
    return said


def _with_whole_paths(settings: dict[str, Any]) -> dict[str, Any]:
    """The links of a chain name recipes and models by paths."""
    return {**settings, "links": [{**link, **_whole(link)} for link in settings.get("links", [])]}


def _whole(link: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(Path(link[key]).resolve()) for key in ("recipe", "model") if link.get(key)}


def _without_nothing(said: dict[str, Any]) -> dict[str, Any]:
    kept = {key: _without_nothing(value) if isinstance(value, dict) else value for key, value in said.items()}
    return {key: value for key, value in kept.items() if value is not None}


def _shared(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What all rows say alike; the matrix says the rest."""
    first, found = rows[0], {}
    for key, value in first.items():
        others = [row[key] for row in rows if key in row]
        if len(others) == len(rows) and all(isinstance(other, dict) for other in others):
            found[key] = _shared(others)
        elif len(others) == len(rows) and all(other == value for other in others):
            found[key] = value
    return found
