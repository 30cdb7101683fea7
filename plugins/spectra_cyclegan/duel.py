"""How pix2pix learns: a generator against a discriminator that sees the source too."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn

from spectra import Batch, Player, Stage, Term, Update
from spectra.losses.adversarial import Adversarial
from spectra_cyclegan.settings import Pix2PixSettings


class Duel(Stage):
    """One step of pix2pix: the discriminator learns, then the generator, which faces the one that has just learned."""

    def __init__(self, generator: nn.Module, discriminator: nn.Module, settings: Pix2PixSettings) -> None:
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.players = {"discriminator": Player(discriminator), "generator": Player(generator)}
        self.verdict = Adversarial(settings.adversarial)

    def step(self, batch: Batch) -> Iterator[Update]:
        source, target = (2 * image - 1 for image in batch.pairs)
        fake = self.share(self.generator(source))
        shown = torch.cat([source, self.filled(fake, target)], 1)
        real = torch.cat([source, self.filled(target, target)], 1)
        yield Update(
            "discriminator",
            fake=Term(lambda: self.verdict.fake(self.discriminator(shown.detach())), 0.5),
            real=Term(lambda: self.verdict.real(self.discriminator(real)), 0.5),
        )
        yield Update(
            "generator",
            adversarial=lambda: self.verdict.generator(self.discriminator(shown)),
            **self.pairwise((fake + 1) / 2, batch.pairs[1]),
        )
