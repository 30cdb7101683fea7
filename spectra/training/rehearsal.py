"""A training gone through without data: which stages, players and terms there are, before anything is learned."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

import torch
from torch import Tensor

from spectra.errors import refuse_unknown
from spectra.losses.l1 import L1
from spectra.modalities import Modality, Task
from spectra.recipe.train import TrainSettings
from spectra.settings import Config
from spectra.stage import Batch, Images, PairedBatch, Stage, Stream
from spectra.translator import Translator

SIDE = 256
"""Height and width of images without data, at least: any network takes them."""
Weights = Mapping[str, Mapping[str, float]]


def rehearse(
    build: Callable[[], Translator], settings: TrainSettings, weights: Weights, losses: Collection[str]
) -> None:
    """Refuse stages, players and terms that a translator has not, as its training would after the first steps.

    It is built, and takes a step of each stage, with tensors without data, on torch's device `meta`. What cannot go on
    there, as it looks at values, says nothing: the training itself will. Not for a process that computes afterwards,
    as a plugin may keep a tensor that it has made.
    """
    translator, stages = None, list[Stage]()
    with _without_data():
        translator = build().train()
        stages = translator.stages()
    if translator is None or not stages:
        return
    refuse_unknown_words(translator, stages, settings, weights)
    terms = [_terms(stage, translator, losses) for stage in stages]
    for player, said in weights.items():
        own = [found for stage, found in zip(stages, terms, strict=True) if player in stage.players]
        known = {name for found in own if found is not None for name in found.get(player, ())}
        if None not in own:
            refuse_unknown(f"term of the player {player!r}", said, known)


def refuse_unknown_words(
    translator: Translator, stages: Sequence[Stage], settings: TrainSettings, weights: Weights
) -> None:
    """Stages and players that settings speak of."""
    players = [name for stage in stages for name in stage.players]
    refuse_unknown("stage", settings.stages, [*(stage.name for stage in stages), *translator.left_out()])
    refuse_unknown("player", [*settings.players, *weights], players)


def _terms(stage: Stage, translator: Translator, losses: Collection[str]) -> dict[str, set[str]] | None:
    """The terms that a step names, by player; None where it cannot be taken without data."""
    found: dict[str, set[str]] = {}
    done = False
    stage.losses = {name: (L1(Config()), 1.0) for name in losses}
    with _without_data():
        stage.begin()
        side = -(-SIDE // translator.multiple) * translator.multiple
        batch = Batch(**{name: _entry(stream, translator.task, side) for name, stream in stage.streams.items()})
        stage.present = batch
        for update in stage.step(batch):
            found.setdefault(update.player, set()).update(update.terms)
        done = True
    return found if done else None


def _entry(stream: Stream, task: Task, side: int) -> Tensor | PairedBatch:
    if isinstance(stream, Images):
        return _images(_modality(stream.modality, task), side)
    sides = (stream.source or task.source.name, stream.target or task.target.name)
    return PairedBatch([_images(_modality(name, task), side) for name in sides])


def _modality(name: str, task: Task) -> Modality:
    return next((own for own in (task.source, task.target) if own.name == name), None) or Modality.parse(name)


def _images(modality: Modality, side: int) -> Tensor:
    return torch.rand(2, modality.channels, side, side)


@contextmanager
def _without_data() -> Iterator[None]:
    """The block ends where it cannot go on."""
    with suppress(Exception), warnings.catch_warnings(), torch.device("meta"):
        warnings.simplefilter("error")  # such as of weights that are loaded to no effect
        yield
