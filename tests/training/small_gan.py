"""A small GAN with everything that a checkpoint must not forget: batch norm, dropout, a pool, two stages, growth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from spectra.modalities import Task
from spectra.nn.pool import ImagePool
from spectra.recipe.train import TrainSettings
from spectra.settings import Config
from spectra.stage import Batch, Player, Stage, Update
from spectra.testing.made import MadePairs
from spectra.training.checkpoint import Checkpoints
from spectra.training.feed import PairFeed
from spectra.training.memory import tensors_of
from spectra.training.progress import Watcher
from spectra.training.trainer import Trainer
from spectra.training.world import World
from spectra.translator import Translator

TASK = Task.parse("rgb2nir")
SIDE = 8


class SmallGan(Translator):
    """``plain``: without what two processes cannot share exactly: dropout and pools."""

    def __init__(
        self, task: Task, settings: Config, plain: bool = False, fresh: bool | Literal["optimizer"] = False
    ) -> None:
        super().__init__(task, settings)
        self.plain, self.fresh = plain, fresh
        self.first = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.Tanh())
        self.last = nn.Sequential(nn.Dropout(0.0 if plain else 0.3), nn.Conv2d(4, 1, 1))
        self.refine = nn.Conv2d(1, 1, 3, padding=1)

    def forward(self, source: Tensor) -> Tensor:
        output: Tensor = self.refine(self.last(self.first(source)))
        return output

    def recomputed(self) -> list[nn.Module]:
        return [self.first]

    def stages(self) -> list[Stage]:
        critic = nn.Sequential(nn.Conv2d(4, 4, 3, stride=2), nn.LeakyReLU(0.2), nn.Conv2d(4, 1, 3))
        return [GanStage("rough", self, critic, refine=False), GanStage("fine", self, critic, refine=True)]


class GanStage(Stage):
    def __init__(self, name: str, gan: SmallGan, critic: nn.Module, refine: bool) -> None:
        super().__init__()
        self.name, self.gan, self.critic = name, gan, critic
        grown = [gan.refine] if refine else []
        self.players = {
            "generator": Player(gan.first, gan.last, *grown, fresh=refine and gan.fresh),
            "critic": Player(critic),
        }
        self.pool = ImagePool(0 if gan.plain else 3)

    def state(self) -> dict[str, Any]:
        return {"pool": list(self.pool.images)}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.pool.images = list(state["pool"])

    def step(self, batch: Batch) -> Iterator[Update]:
        source, target = batch.pairs
        fake = self.share(self.gan(source))
        verdict = self.critic(torch.cat([source, fake], 1))
        yield Update(
            "generator",
            adversarial=((verdict.float() - 1) ** 2).mean(),
            distance=lambda: (fake.float() - target).abs().mean(),
        )
        seen = self.pool(torch.cat([source, fake], 1))
        yield Update(
            "critic",
            real=lambda: ((self.critic(torch.cat([source, target], 1)).float() - 1) ** 2).mean(),
            fake=lambda: (self.critic(seen).float() ** 2).mean(),
        )


def settings_of(**said: Any) -> TrainSettings:
    base = {"steps": 6, "batch_size": 2, "lr": 1e-2, "workers": 0, "checkpoint": {"every": 0}}
    return TrainSettings.model_validate({**base, **said})


def trainer_of(
    settings: TrainSettings,
    folder: Path | None = None,
    watchers: list[Watcher] | None = None,
    world: World | None = None,
    plain: bool = False,
    fresh: bool | Literal["optimizer"] = False,
    **about: Any,
) -> Trainer:
    """A trainer of a gan of always the same weights."""
    torch.manual_seed(7)
    gan = SmallGan(TASK, Config(), plain, fresh)
    said = {"recipe": "r", "data": "d", "processes": world.size if world else 1, "torch": torch.__version__, **about}
    checkpoints = None if folder is None else Checkpoints(folder, said, settings.checkpoint.keep)
    return Trainer(gan, settings, None, None, watchers or [], checkpoints, None, world)


def train(trainer: Trainer) -> dict[str, Tensor]:
    """All that was learned, once it has ended."""
    pairs, settings = MadePairs(TASK, SIDE), trainer.settings
    feed = PairFeed(pairs, TASK, settings.batch_size, None, 3, "cpu", 1, world=trainer.world)
    trainer.train(feed)
    stages = list({id(stage): stage for terms in trainer.terms.values() for stage, _ in terms}.values())
    learned = tensors_of(trainer.translator, sorted(stages, key=lambda stage: stage.name))
    return {name: tensor.detach().clone() for name, tensor in learned.items()}


def same(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> list[str]:
    """Names of what differs in a bit."""
    return [name for name in one.keys() | other.keys() if not torch.equal(one[name], other[name])]
