"""Methods made ready, and scored on the same test images in one pass."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from spectra.data.open import Data
from spectra.data.pairs import Pair, PairSet
from spectra.data.pictures import as_stored
from spectra.loss import Loss
from spectra.metric import Metric, Score, Scored
from spectra.model import Model, create, validated
from spectra.recipe.recipe import EvaluateSettings, Recipe
from spectra.registry import registry
from spectra.training.feed import PairFeed
from spectra.training.trainer import Progress, Trainer

Told = Callable[[str, int, int], None]
"""What a progress bar needs: what is going on, how much is done, of how much."""


def silent(what: str, done: int, total: int) -> None:
    """Tell nobody."""


@dataclass
class Method:
    """One row of the table: a model that is ready to be scored, or why there is none."""

    name: str
    model: Model
    floor: bool = False
    seconds: float = 0.0
    metrics: dict[str, Metric] = field(default_factory=dict)
    images: list[dict[str, float | None]] = field(default_factory=list)

    def scores(self) -> dict[str, Score]:
        return {name: metric.result() for name, metric in self.metrics.items()}


def prepare(recipe: Recipe, data: Data, device: str = "cpu", told: Told = silent) -> Method:
    """The recipe's model: trained, fitted, or ready as it is."""
    torch.manual_seed(recipe.seed)
    model = create(recipe.translator, recipe.resolved_task(), settings=recipe.settings)
    model.preset = recipe.preset
    model.to(device)
    started = time.perf_counter()
    teach(model, recipe, data.train, device, told)
    model.target_type = data.train[0].target.dtype
    return Method(recipe.method, model.eval(), seconds=time.perf_counter() - started)


def teach(model: Model, recipe: Recipe, train: PairSet, device: str, told: Told) -> None:
    """Learn in closed form where there is a fit, else by gradient; not at all where neither is needed."""
    translator = model.translator
    if model.trained:
        return
    if translator.fits():
        translator.fit(_counted(train, f"{recipe.method}: fit", told))
        translator.to(device)
    else:
        settings = recipe.train
        feed = PairFeed(train, model.task, settings.batch_size, settings.crop, recipe.seed, device)

        def watch(progress: Progress) -> None:
            told(f"{recipe.method}: {progress.stage}", progress.step, progress.steps)

        weights = {player: dict(terms) for player, terms in recipe.weights.items()}
        Trainer(translator, settings, losses_of(recipe, device), weights, watch).train(feed)
    model.trained = True


def losses_of(recipe: Recipe, device: str) -> dict[str, tuple[Loss, float]]:
    """The paired losses that a recipe names, with their weights."""
    found: dict[str, tuple[Loss, float]] = {}
    for name, entry in recipe.losses.items():
        component = registry("losses").get(name)
        loss: Loss = component(validated(component, name, entry.settings))
        found[name.rpartition(":")[2]] = (loss.to(device), entry.weight)
    return found


def floors(recipe: Recipe, data: Data, told: Told = silent) -> list[Method]:
    """What every method must beat, fitted on the same pairs."""
    found = []
    for name in recipe.evaluate.floors:
        if registry("translators").get(name).supports(recipe.resolved_task()):
            own = recipe.model_copy(update={"translator": name, "preset": None, "settings": {}, "row": ""})
            method = prepare(own, data, told=told)
            found.append(replace(method, floor=True))
    return found


def evaluate(
    methods: Sequence[Method], test: PairSet, settings: EvaluateSettings, device: str = "cpu", told: Told = silent
) -> None:
    """Score every method on every test image: each image is read once, and nothing of it is kept but its numbers."""
    for method in methods:
        method.metrics = {name: metric_of(name, said) for name, said in settings.metrics.items()}
    for pair in _counted(test, "evaluate", told):
        pair = resized(pair, settings.resize)
        for method in methods:
            item = score_item(pair, predict(method.model, pair, device))
            method.images.append({name: metric.update(item) for name, metric in method.metrics.items()})


def metric_of(name: str, settings: dict[str, Any]) -> Metric:
    component = registry("metrics").get(name)
    metric: Metric = component(validated(component, name, settings))
    return metric


@torch.inference_mode()
def predict(model: Model, pair: Pair, device: str = "cpu") -> Tensor:
    """The prediction for a pair, as a file of the target's type would hold it."""
    prediction = model(pair.source.pixels[None].to(device))[0].cpu()
    return as_stored(prediction, pair.target.scale, pair.target.dtype)


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
            pixels=_bilinear(picture.pixels, size),
            valid=None if picture.valid is None else _bilinear_mask(picture.valid, size),
        )
        for picture in (pair.source, pair.target)
    )
    return Pair(pair.name, pair.group, source, target)


def _bilinear(pixels: Tensor, size: tuple[int, int]) -> Tensor:
    return functional.interpolate(pixels[None], size, mode="bilinear", antialias=True, align_corners=False)[0]


def _bilinear_mask(valid: Tensor, size: tuple[int, int]) -> Tensor:
    return _bilinear(valid[None].float(), size)[0] > 1 - 1e-4


def resize_note(settings: EvaluateSettings) -> str:
    """What the signature says of a resize before scoring."""
    return "" if settings.resize is None else f"|resize:{settings.resize[0]}x{settings.resize[1]}-bilinear-antialias"


class _counted:
    """Pairs that tell how far they have been gone through, each time anew."""

    def __init__(self, pairs: PairSet, what: str, told: Told) -> None:
        self.pairs, self.what, self.told = pairs, what, told

    def __iter__(self) -> Iterator[Pair]:
        total = len(self.pairs)
        for place in range(total):
            yield self.pairs[place]
            self.told(self.what, place + 1, total)
