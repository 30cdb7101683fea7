"""Translators that have one fault in how they learn."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from spectra import Batch, Config, Pair, Player, Stage, Task, Translator, Update
from tests.testing.faulty.sound import Duel, Sound


class DeadParameter(Sound):
    def __init__(self, task: Task, settings: Config) -> None:
        super().__init__(task, settings)
        self.generator.register_parameter("forgotten", nn.Parameter(torch.ones(3)))


class _Detached(Duel):
    def adversarial(self, fake: Tensor) -> Tensor:
        return super().adversarial(fake.detach())


class TermWithoutGradient(Sound):
    """Its graph leads to the critic alone."""

    def stages(self) -> list[Stage]:
        return [_Detached(self)]


class _Flat(Duel):
    def adversarial(self, fake: Tensor) -> Tensor:
        return 0 * super().adversarial(fake)


class TermOfZeroGradient(Sound):
    def stages(self) -> list[Stage]:
        return [_Flat(self)]


class _Shared(Duel):
    def __init__(self, translator: Any) -> None:
        super().__init__(translator)
        self.players = {"generator": Player(self.generator, self.critic[0]), "critic": Player(self.critic)}


class PlayersThatOverlap(Sound):
    def stages(self) -> list[Stage]:
        return [_Shared(self)]


class _BackwardByHand(Duel):
    def fake(self, fake: Tensor) -> Tensor:
        term: Tensor = super().fake(fake) + 0 * self.generator(fake.new_ones(1, 3, 8, 8)).mean()
        torch.autograd.backward(term, retain_graph=True)
        return term


class GradientThatLeaks(Sound):
    def stages(self) -> list[Stage]:
        return [_BackwardByHand(self)]


class _OldCritic(Duel):
    """The critic learns first, and the generator's term still holds the critic as it was."""

    def step(self, batch: Batch) -> Iterator[Update]:
        source, target = batch.pairs
        fake = self.share(self.generator(source))
        adversarial = self.adversarial(fake)
        yield Update("critic", real=lambda: (self.critic(target) - 1).square().mean(), fake=lambda: self.fake(fake))
        yield Update("generator", adversarial=adversarial, **self.pairwise(fake, target))


class StaleTerm(Sound):
    def stages(self) -> list[Stage]:
        return [_OldCritic(self)]


class _Louder(nn.Module):
    def forward(self, source: Tensor) -> Tensor:
        return 1.1 * source if torch.compiler.is_compiling() else source


class DiffersCompiled(Sound):
    def __init__(self, task: Task, settings: Config) -> None:
        super().__init__(task, settings)
        self.generator.append(_Louder())


def _variance(images: Tensor) -> Tensor:
    """Over the batch; of one it is not a number."""
    return (images - images.mean(0)).square().sum(0) / (len(images) - 1)


class _BatchScaled(nn.Module):
    def forward(self, source: Tensor) -> Tensor:
        return source / (1 + _variance(source)) if self.training else source


class NeedsABatch(Sound):
    def __init__(self, task: Task, settings: Config) -> None:
        super().__init__(task, settings)
        self.generator.append(_BatchScaled())


class LearnsByChance(Sound):
    """Draws from a generator that nobody seeds."""

    def __init__(self, task: Task, settings: Config) -> None:
        super().__init__(task, settings)
        with torch.no_grad():
            self.generator.get_parameter("0.weight").mul_(1 + random.SystemRandom().random())


class _Fitted(Translator):
    api_version = 1
    summary = "fitted"
    level: Tensor

    def __init__(self, task: Task, settings: Config) -> None:
        super().__init__(task, settings)
        self.register_buffer("level", torch.zeros(()))

    def forward(self, source: Tensor) -> Tensor:
        n, _, h, w = source.shape
        return self.level.to(source.dtype).expand(n, self.task.target.channels, h, w).clone()


class NeverLearns(_Fitted):
    pass


class OddDiagnostics(_Fitted):
    def fit(self, pairs: Iterable[Pair]) -> None:
        self.level.fill_(0.5)

    def diagnostics(self) -> dict[str, Any]:
        return {"level": self.level}


class FitsTheLast(_Fitted):
    def fit(self, pairs: Iterable[Pair]) -> None:
        for pair in pairs:
            self.level.fill_(float(pair.target.pixels.nanmean()))


class FitsWhatIsMasked(_Fitted):
    def fit(self, pairs: Iterable[Pair]) -> None:
        self.level.fill_(sum(float(pair.target.pixels.nanmean()) for pair in pairs) / 4)


class ForgetsWhatItLearns(_Fitted):
    """What it learns is a number of its own, in no state_dict."""

    tone = 0.0

    def fit(self, pairs: Iterable[Pair]) -> None:
        self.tone = max(float(pair.target.pixels.mean()) for pair in pairs)

    def forward(self, source: Tensor) -> Tensor:
        return super().forward(source) + self.tone
