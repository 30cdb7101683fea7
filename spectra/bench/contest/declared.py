"""The settings of a row: what a reader must know of a method beside its name and its preset."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from spectra.bench.contest.contest import Entry
from spectra.bench.contest.store import noted
from spectra.bench.contest.trials import of_preset
from spectra.bench.method import Method
from spectra.model_folder import DESCRIPTION, plain
from spectra.recipe.recipe import Recipe
from spectra.registry import registry

WORDS = ("settings", "losses", "weights", "train", "init_from", "inference")
"""What of a recipe makes a method what it is."""
UNTOLD = {"train.workers", "train.checkpoint", "train.log"}
SHOWN = 8

Said = dict[str, Any]


def declared(entry: Entry) -> Said:
    """By their places in a recipe: what differs from its preset, and all settings of what does not learn by gradient;
    as ``found.NAME`` what was fitted in place of a setting of that name."""
    trial = entry.trial
    if trial.kind == "predictions":
        return {}
    model = noted(entry.model / DESCRIPTION) if entry.model is not None else None
    said = (model or {}) if trial.kind == "model" else {}
    if trial.kind == "model":
        settings, learns = said.get("settings", {}), _learns(said)
        own = {f"settings.{name}": value for name, value in settings.items()} if not learns else {}
    else:
        settings, own = trial.recipe.settings, _differing(trial.recipe, everything=not trial.learns)
    return {**own, **_found(settings, (model or {}).get("diagnostics", {}))}


def declared_of_floor(floor: Method) -> Said:
    settings = floor.model.translator.settings.model_dump(mode="json")
    own = {f"settings.{name}": value for name, value in settings.items()}
    return {**own, **_found(settings, plain(floor.model.diagnostics))}


def told(said: Mapping[str, Any]) -> list[str]:
    """As a note of its row; none where there is nothing to say."""
    parts = [_told(name, value, said) for name, value in said.items() if not name.startswith("found.")]
    more = f" and {len(parts) - SHOWN} more, see bench.json" if len(parts) > SHOWN else ""
    return [f"Settings: {', '.join(parts[:SHOWN])}{more}."] if parts else []


def _told(name: str, value: Any, said: Mapping[str, Any]) -> str:
    bare = name.removeprefix("settings.")
    found = f" ({_value(said[f'found.{bare}'])} was found)" if f"found.{bare}" in said else ""
    return f"{bare} {_value(value)}{found}"


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return value if isinstance(value, str) else "none" if value is None else json.dumps(value, ensure_ascii=False)


def _learns(said: Mapping[str, Any]) -> bool:
    name = str(said.get("translator", "")).rpartition(":")[2]
    return bool(registry("translators").get(f"{said.get('distribution')}:{name}").learns()) if name else False


def _differing(recipe: Recipe, *, everything: bool) -> Said:
    like = of_preset(recipe)
    found: Said = {}
    for word in WORDS:
        own, other = (dict(_leaves(getattr(one, word), word)) for one in (recipe, like))
        for name in dict.fromkeys([*own, *other]):
            told_anyway = everything and word == "settings"
            if (told_anyway or own.get(name) != other.get(name)) and not _is_untold(name):
                found[name] = own.get(name)
    return found


def _is_untold(name: str) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in UNTOLD)


def _leaves(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    said = value.model_dump(mode="json") if hasattr(value, "model_dump") else value
    if isinstance(said, Mapping):
        for key, held in said.items():
            yield from _leaves(held, f"{name}.{key}")
    else:
        yield name, said


def _found(settings: Mapping[str, Any], diagnostics: Mapping[str, Any]) -> Said:
    """What was fitted where a setting leaves it open."""
    alike = settings.keys() & diagnostics.keys()
    return {
        f"found.{name}": diagnostics[name] for name in settings if name in alike and diagnostics[name] != settings[name]
    }
