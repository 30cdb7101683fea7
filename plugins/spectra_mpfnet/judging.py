"""The feature discriminator, which sees coloured images (eq. 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from spectra import ImagePool, Term, Update
from spectra_mpfnet.crossing import judged
from spectra_mpfnet.luma import luma
from spectra_mpfnet.networks import aside, frozen
from spectra_mpfnet.settings import Settings
from spectra_mpfnet.verdict import verdict_of


class Judging:
    """Coloured translations are fakes. Real is what the same network makes of true grey, or the true colours.

    Nobody learns from the real side but the discriminator: it is computed without a graph.
    """

    def __init__(self, judge: nn.Module, settings: Settings) -> None:
        self.judge, self.kind, self.weight = judge, settings.feature_real, settings.joint_feature
        self.verdict = verdict_of(settings.feature_loss)
        self.pool = ImagePool(settings.pool)

    def term(self, fake: Tensor) -> Term:
        def convinced() -> Tensor:
            with frozen(self.judge):
                return self.verdict.generator(self.judge(fake))

        return Term(convinced, self.weight)

    def judged(self, real: Tensor, fake: Tensor) -> Update:
        return judged("discriminator_colour", self.judge, self.verdict, real, self.pool, fake)

    @torch.no_grad()
    def real_of(self, color: nn.Module, colour: Tensor, known: Sequence[Tensor] = ()) -> Tensor:
        """What is taken for real, of a true colour image of [-1, 1]; ``known``: its grey's colours, if they are."""
        if self.kind == "gt":
            return colour
        if known:
            return known[-1].detach()
        with aside(color):
            finest: Tensor = color(luma(colour))[-1]
            return finest

    def state(self) -> dict[str, Any]:
        return self.pool.state()

    def restore(self, state: Mapping[str, Any]) -> None:
        self.pool.restore(state)
