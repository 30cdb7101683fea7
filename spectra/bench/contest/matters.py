"""All that predictions depend on, in words that change whenever it does, and with nothing else."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from spectra.bench.environment import described_data, versions
from spectra.bench.harness import with_what_is_here
from spectra.bench.needs import Options, needed, promised
from spectra.bench.teaching import what_matters
from spectra.data.open import Data, open_data
from spectra.errors import SpectraError
from spectra.model_folder import DESCRIPTION, find_folder
from spectra.recipe.load import load_experiment
from spectra.recipe.recipe import Recipe
from spectra.registry import registry
from spectra.weights import MissingWeights


def hashed(matters: object) -> str:
    return hashlib.sha256(json.dumps(matters, sort_keys=True, default=str).encode()).hexdigest()


def of_recipe(recipe: Recipe, data: Data, options: Options, device: str, budget: object) -> dict[str, Any]:
    """Of what learns: the recipe, what it needs, the data, the code, and where it runs."""
    return {
        "what": what_matters(recipe),
        "without": _left_out(recipe, data),
        "needs": of_needs(recipe, options),
        "data": described_data(data),
        "budget": str(budget),
        "code": _code_of(recipe),
        **surroundings(device),
    }


def of_needs(recipe: Recipe, options: Options) -> list[Any]:
    """Of the recipes and models that a recipe begins with or is made of; empty where there are none."""
    found: list[Any] = list(promised(recipe, options))
    for one in needed_recipes(recipe, options):
        found.append([described_data(open_data(one)), _code_of(one)])
    return found


def needed_recipes(recipe: Recipe, options: Options) -> Iterator[Recipe]:
    for file in needed([recipe], options):
        said = options.passed_on(file)
        yield from load_experiment(file, preset=said.preset, sets=said.sets, data=said.data, seed=said.seed).recipes


def of_model(folder: Path, data: Data, device: str) -> dict[str, Any]:
    """Of a model that is there: what it says of itself, with the hash of its weights."""
    found = find_folder(folder)
    if found is None:
        raise SpectraError(f"{str(folder)!r} is no folder of a model.")
    text = (found / DESCRIPTION).read_text(encoding="utf-8")
    try:
        name = str(json.loads(text)["translator"])
    except (ValueError, KeyError, TypeError) as why:
        raise SpectraError(f"{str(found / DESCRIPTION)!r} is damaged: {why}.") from None
    code = {name: source_of(registry("translators").get(name)), "spectra": own_source()}
    return {"what": text, "data": described_data(data), "code": code, **surroundings(device)}


def _left_out(recipe: Recipe, data: Data) -> Sequence[str]:
    """Losses whose weights are not here: when they have been fetched it is another training."""
    try:
        return with_what_is_here(recipe, data)[1]
    except MissingWeights:
        return ()  # it cannot be carried out at all, and says so itself


def _code_of(recipe: Recipe) -> dict[str, str]:
    """Source of the packages that take part. A version alone would not do: a method changes ten times a day."""
    metrics = recipe.evaluate.metrics if recipe.train.validation else ()
    named = [("translators", recipe.translator), *(("losses", one) for one in recipe.counting)]
    named += [("metrics", one) for one in metrics]
    return {f"{group}: {name}": source_of(registry(group).get(name)) for group, name in named} | {
        "spectra": own_source()
    }


def own_source() -> str:
    """That of Spectra itself."""
    return source_of(own_source)


def source_of(kind: Any) -> str:
    """A hash of the source of the package that something is of."""
    module = inspect.getmodule(kind)
    file = getattr(module, "__file__", None)
    if module is None or file is None:
        return ""
    package = module.__name__.partition(".")[0]
    root = next((up for up in Path(file).parents if up.name == package), None)
    files = sorted(root.rglob("*.py")) if root else [Path(file)]
    digest = hashlib.sha256()
    for path in files:
        held = path.read_bytes()
        digest.update(f"{path.relative_to(root) if root else path.name}|{len(held)}|".encode() + held)
    return digest.hexdigest()


def surroundings(device: str) -> dict[str, Any]:
    """Versions, and where it is computed."""
    return {"versions": versions(("torch", "numpy")), "device": _kind_of(device)}


def _kind_of(device: str) -> str:
    """Which card of several like ones does not matter; that it is one, and which kind, does."""
    return torch.cuda.get_device_name(device) if device.startswith("cuda") else device
