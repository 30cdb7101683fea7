"""How it learns: a generator against a discriminator, which share one forward pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import torch
from torch import Tensor, nn

from spectra import Batch, ImagePool, Player, Stage, Term, Update
from spectra.losses.adversarial import Adversarial
from spectra.losses.matching import feature_matching
from spectra_pix2pixhd.local_enhancer import LocalEnhancer
from spectra_pix2pixhd.settings import Settings

MATCHING = 10.0
"""The weight of feature matching (its `lambda_feat`)."""


class Duel(Stage):
    """One step of pix2pixHD: terms from one forward pass; then the generator learns, then the discriminator."""

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        settings: Settings,
        fresh: Literal[False, "optimizer"] = False,
    ) -> None:
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.players = {"generator": Player(generator, fresh=fresh), "discriminator": Player(discriminator)}
        self.verdict = Adversarial(settings.adversarial)
        self.factor = 4 / (settings.scales * (settings.discriminator_layers + 1))
        self.pool = ImagePool(settings.pool)

    def step(self, batch: Batch) -> Iterator[Update]:
        source, target = (2 * image - 1 for image in batch.pairs)
        fake = self.share(self.generator(source))
        shown = torch.cat([source, self.filled(fake, target)], 1)
        real_maps = self.discriminator(torch.cat([source, self.filled(target, target)], 1))
        fake_maps = self.discriminator(shown)
        yield Update(
            "generator",
            adversarial=lambda: self.verdict.generator(fake_maps),
            matching=Term(lambda: feature_matching(fake_maps, real_maps, self.factor), MATCHING),
            **self.pairwise((fake + 1) / 2, batch.pairs[1]),
        )
        yield Update(
            "discriminator",
            real=Term(lambda: self.verdict.real(real_maps), 0.5),
            fake=Term(lambda: self.verdict.fake(self._seen(shown, fake_maps)), 0.5),
        )

    def _seen(self, shown: Tensor, maps: Any) -> Any:
        """The discriminator has not learned since it judged the new fakes: only of pooled ones it must judge anew."""
        return self.discriminator(self.pool(shown)) if self.pool.size else maps

    def state(self) -> dict[str, Any]:
        return {"pool": self.pool.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.pool.restore(state["pool"])


class FixedGlobal(Duel):
    """Only the outermost enhancer learns; what lies within takes no gradient, and costs no memory for one."""

    name = "fixed_global"

    def __init__(self, generator: LocalEnhancer, discriminator: nn.Module, settings: Settings) -> None:
        super().__init__(generator, discriminator, settings)
        self.outermost = generator.outermost
        self.players = {**self.players, "generator": Player(*self.outermost)}

    def begin(self) -> None:
        self.generator.requires_grad_(False)
        for branch in self.outermost:
            branch.requires_grad_(True)


class Together(Duel):
    """After ``fixed_global`` the whole generator learns, with a new optimizer; the discriminator goes on."""

    def __init__(self, generator: nn.Module, discriminator: nn.Module, settings: Settings) -> None:
        super().__init__(generator, discriminator, settings, fresh="optimizer")

    def begin(self) -> None:
        self.generator.requires_grad_(True)
