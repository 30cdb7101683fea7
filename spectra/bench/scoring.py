"""Predictions and their scores: one image at a time, as files would hold them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from spectra import weights
from spectra.data.pairs import Pair, Picture
from spectra.data.pictures import as_stored
from spectra.inference import Size, resized_mask
from spectra.inference import resized as resized_images
from spectra.metric import Memory, Metric, Scored
from spectra.metrics.unscored import Unscored, not_scored
from spectra.modalities import Task
from spectra.model import Model, device_of, validated
from spectra.recipe.recipe import EvaluateSettings
from spectra.registry import registry
from spectra.training.precision import tensor_cores


def metric_of(name: str, settings: dict[str, Any], device: str = "cpu") -> Metric:
    """The metric of a recipe; where its pretrained weights are not here, one that says so."""
    component = registry("metrics").get(name)
    said = validated(component, name, settings)
    metric: Metric = component(said)
    missing = [weight for weight in dict.fromkeys(component.needs(said)) if weights.find(weight) is None]
    return Unscored(metric, not_scored(missing)) if missing else metric.to(device)


def predict(model: Model, pair: Pair) -> Tensor:
    """The prediction for a pair, as a file of the target's type would hold it."""
    return as_stored(answer(model, pair), pair.target.scale, pair.target.dtype)


@torch.inference_mode()
def answer(model: Model, pair: Pair) -> Tensor:
    """What the model itself makes of a pair's source."""
    source = pair.source.pixels[None].to(device_of(model), copy=True)  # a copy: the next method needs the pixels too
    with tensor_cores("fp32"):
        made: Tensor = model(source)[0].cpu()
    return made


def fitted(prediction: Tensor, pair: Pair) -> Tensor:
    """At the size of the target, as whoever scores files of another size would bring it there."""
    return resized_images(prediction[None], size_of(pair.target))[0]


def size_of(picture: Picture) -> Size:
    return picture.pixels.shape[-2], picture.pixels.shape[-1]


def score_item(pair: Pair, prediction: Tensor, task: Task | None = None, memory: Memory | None = None) -> Scored:
    """What the metrics are fed; of one pair, all methods share one memory."""
    source, target = pair.source, pair.target
    about = (pair.name, pair.group, target.scale, pair.valid, task)
    return Scored(prediction, target.pixels, source.pixels, *about, Memory() if memory is None else memory)


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
