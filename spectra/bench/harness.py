"""Methods made ready, and scored on the same test images in one pass."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from spectra.bench.counted import Counted, Told, silent
from spectra.bench.missing import without_missing
from spectra.bench.teaching import Surroundings, teach
from spectra.chain import Chain, FolderOf, not_there, resolve
from spectra.data.open import Data
from spectra.data.pairs import Pair, PairSet, Picture
from spectra.data.pictures import as_stored
from spectra.inference import Inference, Size, resized_mask
from spectra.inference import resized as resized_images
from spectra.metric import Metric, Score, Scored
from spectra.model import Model, create, device_of, validated
from spectra.recipe.layers import Layers
from spectra.recipe.recipe import EvaluateSettings, Recipe
from spectra.registry import registry


@dataclass
class Method:
    """One row of the table: a model that is ready to be scored, or why there is none."""

    name: str
    model: Model
    floor: bool = False
    seconds: float = 0.0
    metrics: dict[str, Metric] = field(default_factory=dict)
    images: list[dict[str, float | None]] = field(default_factory=list)
    fitted: bool = False
    """Whether a prediction had another size than its target, and was brought to it."""

    def scores(self) -> dict[str, Score]:
        return {name: metric.result() for name, metric in self.metrics.items()}


def prepare(recipe: Recipe, data: Data, around: Surroundings | None = None, folder_of: FolderOf = not_there) -> Method:
    """The recipe's model: trained, fitted, or ready as it is. ``folder_of``: where the runs are that it needs."""
    around = around or Surroundings("cpu", silent)
    tiny = "tiny" in (recipe.preset, preset_shown(recipe))
    recipe, notes = without_missing(recipe, data.from_scenes, tiny)
    torch.manual_seed(recipe.seed)
    model = _begun(recipe, data, folder_of)
    model.preset, model.notes = preset_shown(recipe), (*model.notes, *notes)
    model.to(around.device)
    started = time.perf_counter()
    teach(model, recipe, data, around)
    model.target_type = _target_type(data)
    return Method(recipe.method, model.eval(), seconds=time.perf_counter() - started)


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


def floors(recipe: Recipe, data: Data, told: Told = silent) -> list[Method]:
    """What every method must beat, fitted on the same pairs. They stay on the CPU: they are small."""
    found = []
    for name in dict.fromkeys(recipe.evaluate.floors):
        if not _why_left_out(name, data):
            found.append(replace(prepare(_bare(recipe, name), data, Surroundings("cpu", told)), floor=True))
    return found


def floors_left_out(recipe: Recipe, data: Data) -> list[str]:
    """A note for each floor that makes no sense for the task, or has nothing to be fitted on."""
    reasons = [_why_left_out(name, data) for name in dict.fromkeys(recipe.evaluate.floors)]
    return [why for why in reasons if why]


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


def evaluate(methods: Sequence[Method], test: PairSet, settings: EvaluateSettings, told: Told = silent) -> None:
    """Score every method on every test image: each image is read once, and nothing of it is kept but its numbers."""
    for method in methods:
        method.images, method.metrics = [], {name: metric_of(name, said) for name, said in settings.metrics.items()}
    for pair in Counted(test, "evaluate", told):
        pair = resized(pair, settings.resize)
        for method in methods:
            prediction = predict(method.model, pair)
            method.fitted |= method.model.size_of(_size(pair.source)) != _size(pair.target)
            item = score_item(pair, prediction)
            method.images.append({name: metric.update(item) for name, metric in method.metrics.items()})


def metric_of(name: str, settings: dict[str, Any]) -> Metric:
    component = registry("metrics").get(name)
    metric: Metric = component(validated(component, name, settings))
    return metric


@torch.inference_mode()
def predict(model: Model, pair: Pair) -> Tensor:
    """The prediction for a pair, as a file of the target's type would hold it, at the target's size."""
    source = pair.source.pixels[None].to(device_of(model), copy=True)  # a copy: the next method needs the pixels too
    prediction = model(source)[0].cpu()
    return fitted(as_stored(prediction, pair.target.scale, pair.target.dtype), pair)


def fitted(prediction: Tensor, pair: Pair) -> Tensor:
    """At the size of the target, as whoever scores files of another size would bring it there."""
    return resized_images(prediction[None], _size(pair.target))[0]


def _size(picture: Picture) -> Size:
    return picture.pixels.shape[-2], picture.pixels.shape[-1]


def score_item(pair: Pair, prediction: Tensor) -> Scored:
    target, source = pair.target, pair.source
    return Scored(prediction, target.pixels, source.pixels, pair.name, pair.group, target.scale, pair.valid)


def resized(pair: Pair, size: tuple[int, int] | None) -> Pair:
    """Both images at another size, bilinear with antialiasing; a pixel is valid where all it came from was."""
    if size is None:
        return pair
    source, target = (
        replace(
            picture,
            pixels=resized_images(picture.pixels[None], size)[0],
            valid=None if picture.valid is None else resized_mask(picture.valid, size),
        )
        for picture in (pair.source, pair.target)
    )
    return Pair(pair.name, pair.group, source, target)


def resize_note(settings: EvaluateSettings, fitted: bool = False) -> str:
    """What the signature says of a resize before scoring."""
    size = settings.resize
    note = "" if size is None else f"|resize:{size[0]}x{size[1]}-bilinear-antialias"
    return note + "|prediction-to-target-size:bilinear-antialias" * fitted
