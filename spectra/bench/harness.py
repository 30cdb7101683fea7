"""Methods made ready, and scored on the same test images in one pass."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from torch import Tensor

from spectra.bench.counted import Counted, Told, silent
from spectra.bench.fault import Fault
from spectra.bench.guarded import Guarded
from spectra.bench.method import Judged, Method
from spectra.bench.missing import without_missing
from spectra.bench.scoring import fitted, resized, score_item, size_of
from spectra.bench.teaching import Surroundings, teach
from spectra.chain import Chain, FolderOf, resolve
from spectra.data.open import Data
from spectra.data.pairs import Pair, PairSet
from spectra.errors import DataError
from spectra.inference import Inference
from spectra.metric import Memory
from spectra.modalities import Task
from spectra.model import Model, create, validated
from spectra.recipe.layers import Layers
from spectra.recipe.recipe import EvaluateSettings, Recipe
from spectra.registry import registry
from spectra.training.random_state import seed


def prepare(recipe: Recipe, data: Data, around: Surroundings | None = None) -> Method:
    """The recipe's model: trained, fitted, or ready as it is."""
    around = around or Surroundings()
    recipe, notes = with_what_is_here(recipe, data)
    for note in notes:
        around.said(f"{recipe.method}: {note}")
    seed(recipe.seed)
    model = _begun(recipe, data, around.folder_of)
    model.preset, model.notes = preset_shown(recipe), (*model.notes, *notes)
    model.to(around.device)
    started = time.perf_counter()
    teach(model, recipe, data, around)
    model.target_type = _target_type(data)
    return Method(name=recipe.method, model=model.eval(), seconds=time.perf_counter() - started)


def with_what_is_here(recipe: Recipe, data: Data) -> tuple[Recipe, list[str]]:
    """The recipe without what needs pretrained weights that are not here, and what was left out; or an error."""
    return without_missing(recipe, data.from_scenes, "tiny" in (recipe.preset, preset_shown(recipe)))


def _begun(recipe: Recipe, data: Data, folder_of: FolderOf) -> Model:
    """The model as it begins: fresh; or a chain, of models that are there."""
    name = recipe.translator
    if registry("translators").get(name) is Chain:
        chain = resolve(validated(Chain, name, recipe.settings).links, data.task, folder_of)
        model = Model(chain, name, notes=chain.notes)
    else:
        model = create(name, data.task, settings=recipe.settings)
    model.inference = Inference(recipe.inference.input, recipe.inference.output)
    if told := model.inference.told():
        model.notes += (told,)
    return model


def _target_type(data: Data) -> str:
    """The file type of the targets; where nothing is paired to learn from, that of the single images."""
    if len(data.train):
        return data.train[0].target.dtype
    return data.images[data.task.target.name][0].dtype


def preset_shown(recipe: Recipe) -> str | None:
    """The preset whose name the model may bear: laid over the recipe, it changes nothing. Of several, that which says
    most, then the first: the values alone decide, as a resolved recipe names no preset."""
    presets = registry("translators").get(recipe.translator).presets
    bearing = [name for name, partial in presets.items() if partial and _holds(partial, recipe)]
    return max(bearing, key=lambda name: _leaves(presets[name]), default=None)


def _holds(partial: Mapping[str, Any], recipe: Recipe) -> bool:
    """Both sides are read as a recipe is, for a value can be written in many ways: a loss as 10 or `{weight: 10}`."""
    said = Layers(recipe.model_dump(mode="json"))
    before = _read(said)
    said.lay(partial, {})
    try:
        return _read(said) == before
    except (ValueError, TypeError):  # a preset that no recipe could use
        return False


def _read(said: Layers) -> Recipe:
    return Recipe.model_validate_json(json.dumps(said.data), strict=True)


def _leaves(partial: Mapping[str, Any]) -> int:
    return sum(_leaves(value) if isinstance(value, Mapping) else 1 for value in partial.values())


@dataclass
class Floors:
    """What every method must beat, and why of some there is nothing to beat."""

    methods: list[Method] = field(default_factory=list)
    faults: dict[str, Fault] = field(default_factory=dict)

    def settle(self) -> Floors:
        """When all is scored: those that could not translate an image have failed too."""
        for floor in self.methods:
            if floor.fault is not None:
                self.faults[floor.name] = floor.fault
        self.methods = [floor for floor in self.methods if floor.fault is None]
        return self

    def told(self) -> list[str]:
        return [f"The floor {name!r} failed: {fault.reason}" for name, fault in self.faults.items()]


def floors(recipe: Recipe, data: Data, told: Told = silent) -> Floors:
    """Fitted on the same pairs as every method. They stay on the CPU: they are small. One that raises harms no other;
    images that cannot be read are nobody's fault but the data's."""
    found = Floors()
    for name in dict.fromkeys(recipe.evaluate.floors):
        try:
            if not _why_left_out(name, data):
                ready = prepare(_bare(recipe, name), data, Surroundings("cpu", told))
                found.methods.append(replace(ready, floor=True))
        except DataError:
            raise
        except Exception as why:  # a plugin may raise anything
            found.faults[name] = Fault.of(why)
    return found


def floors_left_out(recipe: Recipe, data: Data) -> list[str]:
    """A note for each floor that makes no sense for the task, or has nothing to be fitted on."""
    found = []
    for name in dict.fromkeys(recipe.evaluate.floors):
        with suppress(Exception):  # `floors` says so
            found.append(_why_left_out(name, data))
    return [why for why in found if why]


def _why_left_out(name: str, data: Data) -> str:
    if not registry("translators").get(name).supports(data.task):
        return f"The floor {name!r} does not support {data.task}."
    if not len(data.train) and create(name, data.task).translator.fits():
        return f"The floor {name!r} is left out: it is fitted on pairs, and the train split has none."
    return ""


def _bare(recipe: Recipe, name: str) -> Recipe:
    """The recipe of a floor: the same data and judgement, and nothing that was meant for the method itself."""
    own = ("preset", "settings", "row", "losses", "weights", "train", "init_from", "inference")
    return recipe.model_copy(update={**{key: Recipe.model_fields[key].default for key in own}, "translator": name})


def evaluate(
    methods: Sequence[Judged],
    test: PairSet,
    settings: EvaluateSettings,
    told: Told = silent,
    *,
    task: Task | None = None,
    device: str = "cpu",
) -> None:
    """Score every method on every test image: each image is read once, what metrics compute of a target is computed
    once for all methods, and nothing is kept but numbers. A metric that raises is not scored, a floor that does fails.
    """
    for method in methods:
        method.images, method.groups = [], []
        method.metrics = {name: Guarded(name, said, device) for name, said in settings.metrics.items()}
    for pair in Counted(test, "evaluate", told):
        judged, memory = resized(pair, settings.resize), Memory()
        for method in methods:
            if (prediction := _predicted(method, pair)) is None:
                continue
            method.fitted |= prediction.shape[-2:] != size_of(pair.target)
            item = score_item(judged, fitted(prediction, judged), task, memory)
            method.groups.append(pair.group or pair.name)
            method.images.append({name: metric.update(item) for name, metric in method.metrics.items()})
    for method in methods:
        for image in method.images:
            image.update(dict.fromkeys(method.faults))


def _predicted(method: Judged, pair: Pair) -> Tensor | None:
    """None of a floor that cannot: the methods are what the table is about, and those that cannot end it."""
    if not isinstance(method, Method) or not method.floor:
        return method.predict(pair)
    if method.fault is None:
        try:
            return method.predict(pair)
        except Exception as why:  # a plugin may raise anything
            method.fault = Fault.of(why)
    return None
