"""Looks at the validation split while a translator learns: scores, pictures, and whether it is the best so far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from spectra.bench.guarded import Guarded
from spectra.bench.picture_sheet import Row, picture_sheet
from spectra.bench.samples import chosen
from spectra.bench.scoring import fitted, resized, score_item
from spectra.data.images import write_image
from spectra.data.open import Data
from spectra.data.pairs import Pair, PairSet
from spectra.data.pictures import as_stored
from spectra.errors import SpectraError, did_you_mean
from spectra.model import Model, device_of
from spectra.recipe.recipe import EvaluateSettings, Recipe
from spectra.recipe.train import ValidationSettings
from spectra.registry import registry
from spectra.training.progress import Validation
from spectra.training.random_state import random_state, restore_random_state
from spectra.training.watch.collapse import Collapse
from spectra.training.world import World


def validator(
    model: Model, recipe: Recipe, data: Data, folder: Path | None, world: World | None = None
) -> Validator | None:
    """What a recipe asks for; None where it asks for no validation. ``folder`` takes the pictures."""
    settings = recipe.train.validation
    if settings is None:
        return None
    require_metric(settings, recipe.evaluate)
    if data.validation is None:
        raise SpectraError("`train.validation` needs a split to look at: name it with `data.validation`.")
    look = Validator(model, data.validation, settings, recipe.evaluate, folder, world or World())
    if settings.choose == "best" and model.translator.learns():
        with undisturbed(model):  # a network of a metric may draw its first weights
            look.require_choice(Guarded(settings.metric, recipe.evaluate.metrics[settings.metric]))
    return look


def require_metric(settings: ValidationSettings, evaluate: EvaluateSettings) -> None:
    """What says which is best must be among what is scored."""
    if settings.metric not in evaluate.metrics:
        known = ", ".join(evaluate.metrics) or "none"
        raise SpectraError(
            f"`train.validation.metric` is {settings.metric!r}, which is not among `evaluate.metrics`."
            f"{did_you_mean(settings.metric, evaluate.metrics)} They are: {known}."
        )


class Validator:
    """Scores a model on the same images each time, and leaves all that learning depends on as it was.

    Of several processes the first looks, and tells the others. ``pairs`` should keep in memory what it has read. A
    metric that raises has no score in that look, and learning goes on; one that is to choose the best weights, and has
    chosen none yet, is an error.
    """

    def __init__(
        self,
        model: Model,
        pairs: PairSet,
        settings: ValidationSettings,
        evaluate: EvaluateSettings,
        folder: Path | None,
        world: World,
    ) -> None:
        self.model, self.pairs, self.settings, self.evaluate = model, pairs, settings, evaluate
        self.folder, self.world = folder, world
        self.places = chosen(len(pairs), settings.images)
        self.shown = {self.places[place] for place in chosen(len(self.places), settings.samples)}
        self.better: str = registry("metrics").get(settings.metric).better
        self.best: float | None = None
        """The best value of the chosen metric so far."""

    def __call__(self, stage: str, total: int) -> Validation:
        found: Validation = self.world.told(self._looked(stage, total) if self.world.first else None)
        if found.best:
            self.best = found.scores[self.settings.metric]
        return found

    def state(self) -> dict[str, float | None]:
        return {"best": self.best}

    def restore(self, state: Mapping[str, float | None] | None) -> None:
        self.best = state["best"] if state else None

    def require_choice(self, metric: Guarded) -> None:
        """Refuse a metric that has failed and is to choose, while nothing is chosen: there may never be a best."""
        if metric.fault is None or self.settings.choose != "best" or self.best is not None:
            return
        raise SpectraError(
            f"The metric {self.settings.metric!r}, by which `train.validation` chooses the best weights, failed: "
            f"{metric.fault.reason}. Choose by another metric, or take the last weights: "
            "`train.validation.choose: last`."
        )

    def _looked(self, stage: str, total: int) -> Validation:
        with undisturbed(self.model), torch.no_grad():
            look = _Look({name: Guarded(name, said) for name, said in self.evaluate.metrics.items()})
            for place in self.places:
                pair = self.pairs[place]
                judged = resized(pair, self.evaluate.resize)
                look.take(judged, self._predicted(pair), shown=place in self.shown)
        scores, reasons = look.scores()
        self.require_choice(look.metrics[self.settings.metric])
        return Validation(
            stage,
            total,
            scores,
            self.settings.metric,
            self._improves(scores[self.settings.metric]),
            self.better,
            reasons,
            look.collapse.signs(),
            self._written(total, look.rows),
            look.failed,
        )

    def _predicted(self, pair: Pair) -> Tensor:
        """Not in inference mode: what a network keeps from one call to the next must serve for learning too."""
        prediction: Tensor = self.model(pair.source.pixels[None].to(device_of(self.model), copy=True))[0].cpu()
        return prediction

    def _improves(self, value: float | None) -> bool:
        if value is None or self.best is None:
            return value is not None
        return value > self.best if self.better == "higher" else value < self.best

    def _written(self, total: int, rows: Sequence[Row]) -> Path | None:
        if self.folder is None or not rows:
            return None
        path = self.folder / f"step_{total:08d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_image(path, picture_sheet(rows), overwrite=True)
        return path


@dataclass
class _Look:
    """One pass over the images."""

    metrics: Mapping[str, Guarded]
    collapse: Collapse = field(default_factory=Collapse)
    rows: list[Row] = field(default_factory=list)
    spoilt: int = 0
    """Predictions with values that are no numbers."""

    def take(self, pair: Pair, prediction: Tensor, *, shown: bool) -> None:
        sound = bool(torch.isfinite(prediction).all())
        if sound:
            prediction = fitted(as_stored(prediction, pair.target.scale, pair.target.dtype), pair)
            for metric in self.metrics.values():
                metric.update(score_item(pair, prediction))
            self.collapse.take(pair.source.pixels, prediction, pair.target.pixels, pair.valid)
        else:
            self.spoilt += 1
        if shown:
            self.rows.append(Row(pair, fitted(prediction, pair).nan_to_num(0.0, 1.0, 0.0)))

    def scores(self) -> tuple[dict[str, float | None], dict[str, str]]:
        """A mean over the sound ones alone would flatter: with a single one that is not, there is none."""
        if self.spoilt:
            reason = f"{self.spoilt} predictions hold values that are not finite"
            return dict.fromkeys(self.metrics), dict.fromkeys(self.metrics, reason)
        results = {name: metric.result() for name, metric in self.metrics.items()}
        reasons = {name: score.reason for name, score in results.items() if score.reason}
        return {name: score.value for name, score in results.items()}, reasons

    @property
    def failed(self) -> dict[str, str]:
        """Of metrics that raised, why."""
        return {name: metric.fault.reason for name, metric in self.metrics.items() if metric.fault is not None}


@contextmanager
def undisturbed(model: nn.Module) -> Iterator[None]:
    """In eval mode; afterwards each part is in the mode it was in, and no random number is missing."""
    modes = [(module, module.training) for module in model.modules()]
    state: Any = random_state()
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training
        restore_random_state(state)
