"""How it learns: a generator against a discriminator, in the order of the paper or in that of its code."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from spectra import Batch, Player, Stage, Term, Update
from spectra.losses.adversarial import Adversarial
from spectra.losses.matching import feature_matching
from spectra_pix2next.settings import Settings

MATCHING = 10.0
"""The paper's weight of feature matching (its λ1), of a sum over scales and layers."""
Maps = list[list[Tensor]]


class Duel(Stage):
    """A generator against a discriminator that is shown the source too; who learns first is said by a subclass.

    ``copies``: how often a target of one channel is repeated, as the generator has so many channels for it.
    """

    def __init__(self, generator: nn.Module, discriminator: nn.Module, settings: Settings, copies: int = 1) -> None:
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.players = {"generator": Player(generator), "discriminator": Player(discriminator)}
        self.verdict = Adversarial(settings.adversarial)
        self.copies = copies

    def targets(self, batch: Batch) -> Tensor:
        """On [0, 1], with as many channels as the generator makes."""
        target: Tensor = batch.pairs[1]
        return target if self.copies == 1 else target.repeat(1, self.copies, 1, 1)

    def shown(self, batch: Batch, image: Tensor, target: Tensor) -> Tensor:
        """What the discriminator sees: the source, and an image of [-1, 1] where there is data."""
        return torch.cat([2 * batch.pairs[0] - 1, self.filled(image, 2 * target - 1)], 1)

    def of_generator(self, fake: Tensor, target: Tensor, fakes: Maps, reals: Maps) -> Update:
        return Update(
            "generator",
            adversarial=lambda: self.verdict.generator(fakes),
            matching=Term(lambda: feature_matching(fakes, reals), MATCHING),
            **self.pairwise((fake + 1) / 2, target),
        )

    def of_discriminator(self, fakes: Maps, reals: Maps) -> Update:
        return Update(
            "discriminator",
            real=Term(lambda: self.verdict.real(reals), 0.5),
            fake=Term(lambda: self.verdict.fake(fakes), 0.5),
        )


class GeneratorFirst(Duel):
    """As the released code: one pass of both networks, of which first the generator learns, then the discriminator."""

    def step(self, batch: Batch) -> Iterator[Update]:
        target = self.targets(batch)
        fake = self.share(self.generator(2 * batch.pairs[0] - 1))
        reals = self.discriminator(self.shown(batch, 2 * target - 1, target))
        fakes = self.discriminator(self.shown(batch, fake, target))
        yield self.of_generator(fake, target, fakes, reals)
        yield self.of_discriminator(fakes, reals)


class DiscriminatorFirst(Duel):
    """As the paper's Algorithm 1: the discriminator learns, then the generator, which faces what it has become."""

    def step(self, batch: Batch) -> Iterator[Update]:
        target = self.targets(batch)
        fake = self.share(self.generator(2 * batch.pairs[0] - 1))
        shown, real = self.shown(batch, fake, target), self.shown(batch, 2 * target - 1, target)
        yield self.of_discriminator(self.discriminator(shown.detach()), self.discriminator(real))
        with torch.no_grad():
            reals = self.discriminator(real)
        yield self.of_generator(fake, target, self.discriminator(shown), reals)


ORDERS: dict[str, type[Duel]] = {"generator_first": GeneratorFirst, "discriminator_first": DiscriminatorFirst}
