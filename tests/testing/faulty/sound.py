"""A translator without a fault, in which the faults are planted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from torch import Tensor, nn

from spectra import Batch, Config, Player, Stage, Task, Translator, Update


class Sound(Translator):
    """No fault: a generator and a critic, each with a hidden layer."""

    api_version = 1
    summary = "sound"
    home_tasks: ClassVar[tuple[str, ...]] = ("rgb2nir",)

    def __init__(self, task: Task, settings: Config) -> None:
        super().__init__(task, settings)
        self.generator = _network(task.source.channels, task.target.channels)
        self.critic = _network(task.target.channels, 1)

    def forward(self, source: Tensor) -> Tensor:
        target: Tensor = self.generator(source)
        return target

    def stages(self) -> list[Stage]:
        return [Duel(self)]


class Duel(Stage):
    def __init__(self, translator: Any) -> None:
        super().__init__()
        self.generator, self.critic = translator.generator, translator.critic
        self.players = {"generator": Player(self.generator), "critic": Player(self.critic)}

    def step(self, batch: Batch) -> Iterator[Update]:
        source, target = batch.pairs
        fake = self.share(self.generator(source))
        yield Update("generator", adversarial=lambda: self.adversarial(fake), **self.pairwise(fake, target))
        yield Update("critic", real=lambda: (self.critic(target) - 1).square().mean(), fake=lambda: self.fake(fake))

    def adversarial(self, fake: Tensor) -> Tensor:
        verdict: Tensor = self.critic(fake)
        return (verdict - 1).square().mean()

    def fake(self, fake: Tensor) -> Tensor:
        verdict: Tensor = self.critic(fake.detach())
        return verdict.square().mean()


class _Polish(Duel):
    """The same players and terms again, and a term more."""

    name = "polish"

    def step(self, batch: Batch) -> Iterator[Update]:
        yield from super().step(batch)
        source, target = batch.pairs
        yield Update("generator", mean=lambda: (self.generator(source).mean() - target.mean()).square())


class TwoStages(Sound):
    """No fault."""

    def stages(self) -> list[Stage]:
        return [Duel(self), _Polish(self)]


def _network(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, 4, 3, padding=1), nn.Tanh(), nn.Conv2d(4, outputs, 1))
