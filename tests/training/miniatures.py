"""Four translators small enough to be trained by hand, one for each way of learning that the contracts must carry."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss, mse_loss, softplus

from spectra.data.pairs import Pair
from spectra.loss import Loss
from spectra.modalities import Modality, Task
from spectra.nn.pool import ImagePool
from spectra.settings import Config
from spectra.stage import Batch, Images, Pairs, Player, Stage, Update
from spectra.training.progress import Progress, Validation
from spectra.translator import Translator


class L1(Loss):
    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return l1_loss(prediction, target)


def network(source: int, target: int, width: int = 3) -> nn.Sequential:
    layers = nn.Conv2d(source, width, 3, padding=1), nn.Tanh(), nn.Conv2d(width, target, 3, padding=1)
    return nn.Sequential(*layers).double()


class Maps(nn.Module):
    """A discriminator that shows its hidden maps; the last is its verdict."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, 3, 3, padding=1).double()
        self.last = nn.Conv2d(3, 1, 3).double()

    def forward(self, image: Tensor) -> list[Tensor]:
        hidden = torch.tanh(self.first(image))
        return [hidden, self.last(hidden)]


class Tone(Translator):
    """A closed form: one factor and one offset, by least squares."""

    factor: Tensor
    offset: Tensor

    def __init__(self, task: Task, settings: Config) -> None:
        super().__init__(task, settings)
        self.register_buffer("factor", torch.ones((), dtype=torch.float64))
        self.register_buffer("offset", torch.zeros((), dtype=torch.float64))

    def forward(self, source: Tensor) -> Tensor:
        return self.factor * source + self.offset

    def fit(self, pairs: Iterable[Pair]) -> None:
        count = x = y = xx = xy = 0.0
        for pair in pairs:
            source, target = pair.source.pixels.double(), pair.target.pixels.double()
            count, x, y = count + source.numel(), x + float(source.sum()), y + float(target.sum())
            xx, xy = xx + float((source * source).sum()), xy + float((source * target).sum())
        factor = (count * xy - x * y) / (count * xx - x * x)
        self.factor.fill_(factor)
        self.offset.fill_((y - factor * x) / count)


class SharedPass(Translator):
    """G, then D, on one forward of both: least squares, feature matching, the recipe's losses (Isola et al., 2017)."""

    def __init__(self, task: Task, settings: Config) -> None:
        super().__init__(task, settings)
        self.generator = network(task.source.channels, task.target.channels)
        self.discriminator = Maps(task.source.channels + task.target.channels)

    def forward(self, source: Tensor) -> Tensor:
        output: Tensor = self.generator(source)
        return output

    def stages(self) -> list[Stage]:
        return [SharedPassStage(self)]


class SharedPassStage(Stage):
    def __init__(self, translator: SharedPass) -> None:
        super().__init__()
        self.generator: nn.Module = translator.generator
        self.discriminator = translator.discriminator
        self.players = {"generator": Player(self.generator), "discriminator": Player(self.discriminator)}
        self.matched = 0

    def step(self, batch: Batch) -> Iterator[Update]:
        source, target = batch.pairs
        fake = self.share(self.generator(source))
        real_maps = self.discriminator(torch.cat([source, target], 1))
        fake_maps = self.discriminator(torch.cat([source, fake], 1))
        yield Update(
            "generator",
            adversarial=lambda: ((fake_maps[-1] - 1) ** 2).mean(),
            matching=lambda: self.matching(real_maps, fake_maps),
            **self.pairwise(fake, target),
        )
        yield Update("discriminator", real=((real_maps[-1] - 1) ** 2).mean(), fake=lambda: (fake_maps[-1] ** 2).mean())

    def matching(self, real: list[Tensor], fake: list[Tensor]) -> Tensor:
        self.matched += 1
        return l1_loss(fake[0], real[0].detach())


class Turns(Translator):
    """D, then G, which faces the D that has just learned. The discriminator belongs to the stage (GAN, 2014)."""

    def __init__(self, task: Task, settings: Config) -> None:
        super().__init__(task, settings)
        self.generator = network(task.source.channels, task.target.channels)
        self.plan: list[Stage] = [TurnsStage(self.generator, Maps(task.target.channels))]

    def forward(self, source: Tensor) -> Tensor:
        output: Tensor = self.generator(source)
        return output

    def stages(self) -> list[Stage]:
        return self.plan


class TurnsStage(Stage):
    def __init__(self, generator: nn.Module, discriminator: nn.Module) -> None:
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.players = {"discriminator": Player(discriminator), "generator": Player(generator)}

    def step(self, batch: Batch) -> Iterator[Update]:
        source, target = batch.pairs
        fake = self.share(self.generator(source))
        yield Update(
            "discriminator",
            real=lambda: softplus(-self.discriminator(target)[-1]).mean(),
            fake=lambda: softplus(self.discriminator(fake)[-1]).mean(),
        )
        yield Update(
            "generator",
            adversarial=lambda: softplus(-self.discriminator(fake)[-1]).mean(),
            **self.pairwise(fake, target),
        )


class Journey(Translator):
    """Three stages: paired, then a cycle on unpaired images, then a detached refiner beside a distilled generator."""

    def __init__(self, task: Task, settings: Config) -> None:
        super().__init__(task, settings)
        source, target = task.source.channels, task.target.channels
        self.there, self.back = network(source, target), network(target, source)
        self.refiner = network(target, target)
        self.judge_source, self.judge_target = Maps(source), Maps(target)
        self.teacher = copy.deepcopy(self.there).requires_grad_(False)

    def forward(self, source: Tensor) -> Tensor:
        output: Tensor = self.there(source)
        return output

    def stages(self) -> list[Stage]:
        return [Paired(self), Cycle(self), Refined(self)]


class Paired(Stage):
    name = "paired"

    def __init__(self, nets: Journey) -> None:
        super().__init__()
        self.nets = nets
        self.players = {"generators": Player(nets.there), "judge_target": Player(nets.judge_target)}

    def step(self, batch: Batch) -> Iterator[Update]:
        source, target = batch.pairs
        fake = self.share(self.nets.there(source))
        fake_maps = self.nets.judge_target(fake)
        yield Update("generators", adversarial=((fake_maps[-1] - 1) ** 2).mean(), **self.pairwise(fake, target))
        real = ((self.nets.judge_target(target)[-1] - 1) ** 2).mean()
        yield Update("judge_target", real=real, fake=(fake_maps[-1] ** 2).mean())


class Cycle(Stage):
    """Two generators as one player that has grown; a judge that stays, one that is new; pools; pairs and images."""

    name = "cycle"

    def __init__(self, nets: Journey) -> None:
        super().__init__()
        source, target = nets.task.source, nets.task.target
        self.streams = {"pairs": Pairs(), "sources": Images(source.name), "targets": Images(target.name)}
        self.nets = nets
        self.players = {
            "generators": Player(nets.there, nets.back),
            "judge_source": Player(nets.judge_source),
            "judge_target": Player(nets.judge_target),
        }
        self.pool_source, self.pool_target = ImagePool(3), ImagePool(3)

    def begin(self) -> None:
        """The way back starts from the hidden layer's biases of the way there."""
        self.nets.back[0].load_state_dict(
            {**self.nets.back[0].state_dict(), "bias": self.nets.there.get_parameter("0.bias").detach()}
        )

    def step(self, batch: Batch) -> Iterator[Update]:
        nets, (source, target) = self.nets, batch.pairs
        fake_target, fake_source = self.share(nets.there(batch.sources)), self.share(nets.back(batch.targets))
        yield Update(
            "generators",
            adversarial=lambda: (
                ((nets.judge_target(fake_target)[-1] - 1) ** 2).mean()
                + ((nets.judge_source(fake_source)[-1] - 1) ** 2).mean()
            ),
            cycle=lambda: (
                l1_loss(nets.back(fake_target), batch.sources) + l1_loss(nets.there(fake_source), batch.targets)
            ),
            **self.pairwise(nets.there(source), target, prefix="paired_"),
        )
        for player, judge, pool, real, fake in (
            ("judge_source", nets.judge_source, self.pool_source, batch.sources, fake_source),
            ("judge_target", nets.judge_target, self.pool_target, batch.targets, fake_target),
        ):
            seen = pool(fake)
            yield Update(player, real=((judge(real)[-1] - 1) ** 2).mean(), fake=(judge(seen)[-1] ** 2).mean())


class Refined(Stage):
    name = "refined"

    def __init__(self, nets: Journey) -> None:
        super().__init__()
        self.nets = nets
        self.players = {
            "generators": Player(nets.there, nets.back),
            "judge_target": Player(nets.judge_target, fresh=True),
            "refiner": Player(nets.refiner),
        }

    def begin(self) -> None:
        self.nets.teacher.load_state_dict(self.nets.there.state_dict())

    def step(self, batch: Batch) -> Iterator[Update]:
        nets, (source, target) = self.nets, batch.pairs
        rough = self.share(nets.there(source))
        fine = self.share(rough.detach() + nets.refiner(rough.detach()))
        maps = nets.judge_target(rough)
        yield Update(
            "generators",
            adversarial=((maps[-1] - 1) ** 2).mean(),
            keep=lambda: mse_loss(rough, nets.teacher(source)),
            back=lambda: mse_loss(nets.back(rough), source),
        )
        yield Update(
            "refiner",
            adversarial=lambda: ((nets.judge_target(fine)[-1] - 1) ** 2).mean(),
            **self.pairwise(fine, target),
        )
        yield Update(
            "judge_target",
            real=((nets.judge_target(target)[-1] - 1) ** 2).mean(),
            rough=(maps[-1] ** 2).mean(),
            fine=lambda: (nets.judge_target(fine)[-1] ** 2).mean(),
        )


class Draws:
    """A feed of random images: the same for the same stage and step."""

    def __init__(self, task: Task) -> None:
        self.channels = {modality.name: modality.channels for modality in (task.source, task.target)}
        self.task = task

    def epoch(self, stage: Stage) -> int:
        return 6

    def batch(self, stage: Stage, step: int) -> Batch:
        generator = torch.Generator().manual_seed(1000 * len(stage.name) + step)

        def images(modality: str) -> Tensor:
            return torch.rand(2, self.channels[modality], 6, 6, dtype=torch.float64, generator=generator)

        source, target = self.task.source.name, self.task.target.name
        entries = {
            name: images(stream.modality) if isinstance(stream, Images) else (images(source), images(target))
            for name, stream in stage.streams.items()
        }
        return Batch(**entries)


def task(text: str) -> Task:
    return Task.parse(text)


def own_task(source: int, target: int) -> Task:
    return Task(Modality("left", source), Modality("right", target))


class HandAdam:
    """Adam (Kingma & Ba, 2015), algorithm 1, as it is written there; each parameter counts its own steps."""

    def __init__(
        self, parameters: Iterable[nn.Parameter], lr: float, betas: tuple[float, float] = (0.5, 0.999)
    ) -> None:
        self.parameters = list(parameters)
        self.lr, self.betas = lr, betas
        self.moments = [[torch.zeros_like(p), torch.zeros_like(p)] for p in self.parameters]
        self.t = [0] * len(self.parameters)

    def grow(self, parameters: Iterable[nn.Parameter]) -> None:
        more = HandAdam(parameters, self.lr, self.betas)
        self.parameters, self.moments, self.t = (
            self.parameters + more.parameters,
            self.moments + more.moments,
            self.t + more.t,
        )

    def step(self, gradients: Mapping[nn.Parameter, Tensor]) -> None:
        beta1, beta2 = self.betas
        for place, parameter in enumerate(self.parameters):
            g, (m, v) = gradients[parameter], self.moments[place]
            self.t[place] += 1
            m = beta1 * m + (1 - beta1) * g
            v = beta2 * v + (1 - beta2) * g * g
            self.moments[place] = [m, v]
            m_hat, v_hat = m / (1 - beta1 ** self.t[place]), v / (1 - beta2 ** self.t[place])
            parameter.data -= self.lr * m_hat / (v_hat.sqrt() + 1e-8)

    def learn(self, loss: Tensor) -> None:
        """The classic three lines: no gradients, backward, step."""
        for parameter in self.parameters:
            parameter.grad = None
        torch.autograd.backward(loss)
        self.step({p: torch.zeros_like(p) if p.grad is None else p.grad for p in self.parameters})


class Ear:
    """A watcher that keeps what it is told."""

    every = 1

    def __init__(self) -> None:
        self.told: list[Progress] = []

    def stepped(self, progress: Progress) -> None:
        self.told.append(progress)

    def validated(self, validation: Validation) -> None:
        pass

    def resumed(self, total: int) -> None:
        self.told = [one for one in self.told if one.total <= total]

    def closed(self) -> None:
        pass
