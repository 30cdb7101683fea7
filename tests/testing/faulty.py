"""Components with one fault each, all of which are fine but for that."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, ClassVar, Literal

import torch
from pydantic import ConfigDict, field_validator
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from spectra import (
    Batch,
    Config,
    Loss,
    Pair,
    PerImage,
    Player,
    Scored,
    SpectraError,
    Stage,
    Task,
    Translator,
    Update,
)


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
        for update in super().step(batch):
            yield update
        source, target = batch.pairs
        yield Update("generator", mean=lambda: (self.generator(source).mean() - target.mean()).square())


class TwoStages(Sound):
    """No fault."""

    def stages(self) -> list[Stage]:
        return [Duel(self), _Polish(self)]


def _network(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, 4, 3, padding=1), nn.Tanh(), nn.Conv2d(4, outputs, 1))


class BytesNotUnit(Sound):
    def forward(self, source: Tensor) -> Tensor:
        return 255 * super().forward(source)


class NotANumber(Sound):
    def forward(self, source: Tensor) -> Tensor:
        return super().forward(source) + (source.mean() - source.mean()) / (source.max() - source.max())


class HalfSize(Sound):
    def forward(self, source: Tensor) -> Tensor:
        return super().forward(source)[..., ::2, ::2]


class SqueezesOne(Sound):
    def forward(self, source: Tensor) -> Tensor:
        return super().forward(source).squeeze(0)


class Remembers(Sound):
    """Blends in the mean of what it saw before."""

    def __init__(self, task: Task, settings: Config) -> None:
        super().__init__(task, settings)
        self.before = 0.5

    def forward(self, source: Tensor) -> Tensor:
        target = super().forward(source) + 0.1 * self.before
        self.before = float(source.mean()) if source.device.type != "meta" else 0.5
        return target


class LooksAtTheBatch(Sound):
    def forward(self, source: Tensor) -> Tensor:
        return super().forward(source - source.mean())


class ChangesItsInput(Sound):
    def forward(self, source: Tensor) -> Tensor:
        return super().forward(source.mul_(0.5))


class AlwaysSingle(Sound):
    def forward(self, source: Tensor) -> Tensor:
        return super().forward(source).float()


class Dices(Sound):
    def forward(self, source: Tensor) -> Tensor:
        return super().forward(source) + 0.01 * torch.rand_like(source[:, :1])


class KeepsATensorLoose(Sound):
    def __init__(self, task: Task, settings: Config) -> None:
        super().__init__(task, settings)
        self.tones = [torch.rand(1)]

    def forward(self, source: Tensor) -> Tensor:
        return super().forward(source) + self.tones[0].to(source)


class MakesOnTheCpu(Sound):
    def forward(self, source: Tensor) -> Tensor:
        return super().forward(source) + torch.zeros(source.shape[-1], device="cpu", dtype=source.dtype)


class OnlyEvenSizes(Sound):
    """Says nothing of it: its ``multiple`` stays 1."""

    def forward(self, source: Tensor) -> Tensor:
        halved = nn.functional.avg_pool2d(super().forward(source), 2)
        return nn.functional.interpolate(halved, scale_factor=2)


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


class LooseSettings(Sound):
    class Settings(Config):
        model_config = ConfigDict(frozen=False, extra="ignore")
        width: int = 3


class DriftingSettings(Sound):
    class Settings(Config):
        width: int = 3

        @field_validator("width")
        @classmethod
        def wider(cls, width: int) -> int:
            return width + 1


class Silent(Sound):
    summary = " "


class NoHome(Sound):
    home_tasks: ClassVar[tuple[str, ...]] = ("rgb2nir", "nir2rgb")

    @classmethod
    def supports(cls, task: Task) -> bool:
        return task.target.channels == 1


class TakesAnything(NoHome):
    """Is built for what it does not support."""

    home_tasks = ("rgb2nir",)

    def __init__(self, task: Task, settings: Config) -> None:
        try:
            super().__init__(task, settings)
        except SpectraError:
            nn.Module.__init__(self)


class WrongPreset(Sound):
    presets = {"tiny": {"setings": {"width": 3}}}  # noqa: RUF012


class SoundLoss(Loss):
    api_version = 1
    summary = "sound"

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return l1_loss(prediction, target)


class DetachedLoss(SoundLoss):
    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return super().forward(prediction.detach(), target)


class RootLoss(SoundLoss):
    """The slope of a root is infinite at zero."""

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return (prediction - target).square().sum().sqrt()


class ImageLoss(SoundLoss):
    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return (prediction - target).abs()


class DropoutLoss(SoundLoss):
    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return super().forward(nn.functional.dropout(prediction, training=self.training), target)


class InPlaceLoss(SoundLoss):
    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        if not prediction.requires_grad:
            prediction.add_(0.1)
        return super().forward(prediction, target)


class Likeness(SoundLoss):
    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return -super().forward(prediction, target)


class PickyLoss(SoundLoss):
    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        raise SpectraError(f"takes 7 channels, not {prediction.shape[1]}")


class BatchLoss(SoundLoss):
    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return super().forward(prediction, target) / _variance(prediction).mean()


class SingleLoss(SoundLoss):
    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return super().forward(prediction, target).float()


class SoundMetric(PerImage):
    api_version = 1
    better: ClassVar[Literal["higher", "lower"]] = "lower"
    summary = "sound"

    @property
    def unit(self) -> str:
        return ""

    @property
    def signature(self) -> str:
        return "sound|v1"

    def score(self, item: Scored) -> float:
        error = (item.prediction - item.target).abs().double()
        return float((error if item.valid is None else error[:, item.valid]).mean())


class IgnoresTheMask(SoundMetric):
    def score(self, item: Scored) -> float:
        return float((item.prediction - item.target).abs().nanmean())


class MultipliesTheMask(SoundMetric):
    """Zero times NaN is NaN."""

    def score(self, item: Scored) -> float:
        valid = torch.ones_like(item.target[0]) if item.valid is None else item.valid
        return float(((item.prediction - item.target).abs() * valid).mean())


class ChangesWhatItIsFed(SoundMetric):
    def score(self, item: Scored) -> float:
        item.prediction.sub_(item.target).abs_()
        return float((item.prediction if item.valid is None else item.prediction[:, item.valid]).mean())


class CountsTheFirstTwice(SoundMetric):
    def score(self, item: Scored) -> float:
        return super().score(item) * (1 if self.values else 2)


class WrongWay(SoundMetric):
    better = "higher"


class Unsigned(SoundMetric):
    signature = ""


class CountsInItsSignature(SoundMetric):
    @property
    def signature(self) -> str:
        return f"sound|images:{len(self.values)}"


class ScoresNothing(SoundMetric):
    def result(self) -> Any:
        found = super().result()
        return found if found.n else replace(found, value=0.0, reason="")


class OtherUnit(SoundMetric):
    def result(self) -> Any:
        return replace(super().result(), unit="DN")


class OutsideItsInterval(SoundMetric):
    def result(self) -> Any:
        found = super().result()
        return found if found.value is None else replace(found, value=found.value + 1)


class ScoresInfinity(SoundMetric):
    def score(self, item: Scored) -> float:
        return math.inf
