"""The cycle between source and grey, which two stages learn by (eq. 1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from spectra import ImagePool, Stage, Term, Update
from spectra.losses.adversarial import Adversarial
from spectra.losses.cycle import cycle
from spectra.losses.identity import identity
from spectra_mpfnet.networks import aside, frozen
from spectra_mpfnet.settings import Settings


@dataclass(frozen=True)
class Networks:
    """All that learns. Images are of [-1, 1]; the generators give a list of scales, coarsest first."""

    there: nn.Module
    """Source to grey (G_N2G)."""
    back: nn.Module
    """Grey to source (G_G2N)."""
    of_source: nn.Module
    of_grey: nn.Module


class Crossing(Stage):
    """What the stages `translation` and `joint` have in common.

    ``aside``: of all that a generator is shown, its batch norms remember only what it is there to translate.
    """

    def __init__(self, networks: Networks, settings: Settings) -> None:
        super().__init__()
        self.there, self.back = networks.there, networks.back
        self.of_source, self.of_grey = networks.of_source, networks.of_grey
        self.settings = settings
        self.verdict = Adversarial("least_squares")
        self.pool_source, self.pool_grey = ImagePool(settings.pool), ImagePool(settings.pool)

    def crossed(self, source: Tensor, grey: Tensor) -> tuple[Tensor, Tensor]:
        """What becomes of a source, and of a grey image: grey and source."""
        return self.share(self.there(source)[-1]), self.share(self.back(grey)[-1])

    def crossing(self, source: Tensor, grey: Tensor, made_grey: Tensor, made_source: Tensor) -> dict[str, Term]:
        """The terms of eq. 1, for the generators."""
        chosen = self.settings

        def again(network: nn.Module, image: Tensor) -> Tensor:
            with aside(network):
                finest: Tensor = network(image)[-1]
                return finest

        return {
            "adversarial_grey": Term(lambda: self.convinced(self.of_grey, made_grey), chosen.adversarial),
            "adversarial_source": Term(lambda: self.convinced(self.of_source, made_source), chosen.adversarial),
            "cycle_source": Term(lambda: cycle(again(self.back, made_grey), source), chosen.cycle),
            "cycle_grey": Term(lambda: cycle(again(self.there, made_source), grey), chosen.cycle),
            "identity_grey": Term(lambda: identity(again(self.there, grey), grey), chosen.identity),
            "identity_source": Term(lambda: identity(again(self.back, source), source), chosen.identity),
        }

    def convinced(self, judge: nn.Module, fake: Tensor) -> Tensor:
        with frozen(judge):
            return self.verdict.generator(judge(fake))

    def judged_grey(self, grey: Tensor, made_grey: Tensor) -> Update:
        return judged("discriminator_grey", self.of_grey, self.verdict, grey, self.pool_grey, made_grey)

    def judged_source(self, source: Tensor, made_source: Tensor) -> Update:
        return judged("discriminator_source", self.of_source, self.verdict, source, self.pool_source, made_source)

    def state(self) -> dict[str, Any]:
        return {"pool_source": self.pool_source.state(), "pool_grey": self.pool_grey.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.pool_source.restore(state["pool_source"])
        self.pool_grey.restore(state["pool_grey"])


def judged(player: str, judge: nn.Module, verdict: Any, real: Tensor, pool: ImagePool, fake: Tensor) -> Update:
    """What a discriminator learns from: real images, and fakes out of a pool, through which no gradient goes."""
    return Update(
        player,
        real=Term(lambda: verdict.real(judge(real)), 0.5),
        fake=Term(lambda: verdict.fake(judge(pool(fake))), 0.5),
    )


def weighted(terms: Mapping[str, Term], weight: float) -> dict[str, Term]:
    return {name: Term(term.compute, weight * term.weight) for name, term in terms.items()}
