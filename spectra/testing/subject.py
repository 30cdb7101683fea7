"""What is under examination."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from spectra.losses.l1 import L1
from spectra.modalities import Task
from spectra.model import Model
from spectra.recipe.train import TrainSettings
from spectra.settings import Config
from spectra.stage import Stage
from spectra.testing.check import NotApplicable, require
from spectra.testing.made import MadePairs, made_images
from spectra.training.feed import PairFeed
from spectra.training.trainer import Trainer
from spectra.translator import Translator

STEPS = 3
BATCH = 2
LEAST_SIDE = 32


@dataclass(frozen=True)
class Subject:
    """A component with settings."""

    name: str
    component: Any
    settings: Config

    def build(self) -> Any:
        return self.component(self.settings)


@dataclass(frozen=True)
class Learner(Subject):
    """A translator with settings and a task."""

    task: Task
    least_side: int = LEAST_SIDE

    def build(self, seed: int = 0) -> Translator:
        """The same seed gives the same weights."""
        torch.manual_seed(seed)
        translator: Translator = self.component(self.task, self.settings)
        return translator

    def learned(self) -> Translator:
        """Fitted, or trained for a few steps, or as it is where it learns nothing; in eval mode."""
        translator = self.build()
        if translator.fits():
            translator.fit(self.pairs(translator))
        elif translator.stages():
            self.trainer(translator, STEPS).train(self.feed(translator))
        return translator.eval()

    def model(self) -> Model:
        return Model(self.learned(), self.name, trained=True)

    def side(self, translator: Translator) -> int:
        """The least side that the translator takes without padding."""
        return -(-self.least_side // translator.multiple) * translator.multiple

    def source(self, translator: Translator, seed: int = 0, count: int = BATCH) -> Tensor:
        side = self.side(translator)
        return made_images(self.task.source.channels, side, side, count, seed)

    def pairs(self, translator: Translator, double: bool = False) -> MadePairs:
        return MadePairs(self.task, self.side(translator), torch.float64 if double else torch.float32)

    def feed(self, translator: Translator, batch_size: int = BATCH, double: bool = False) -> PairFeed:
        return PairFeed(self.pairs(translator, double), self.task, batch_size, None, seed=0)

    def trainer(self, translator: Translator, steps: int = 1) -> Trainer:
        settings = TrainSettings(steps=steps, batch_size=BATCH, lr=1e-3)
        return Trainer(translator, settings, {"l1": (L1(Config()), 1.0)})

    def stages(self, translator: Translator) -> list[Stage]:
        stages = translator.stages()
        if not stages:
            raise NotApplicable("it does not learn by gradient")
        translator.train()
        return stages


@contextmanager
def unchanged(what: str, *tensors: Tensor) -> Iterator[None]:
    """Whoever is handed these tensors must leave them as they are."""
    before = [tensor.clone() for tensor in tensors]
    yield
    for tensor, copy in zip(tensors, before, strict=True):
        require(same(tensor, copy), f"it changes {what} in place: work on a copy")


def same(one: Tensor, other: Tensor) -> bool:
    """Bit for bit, but that any NaN equals any other."""
    return (
        one.shape == other.shape
        and one.dtype == other.dtype
        and bool(torch.equal(one.nan_to_num(7), other.nan_to_num(7)))
    )
