"""How CycleGAN learns: two generators against two discriminators."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor, nn

from spectra import Batch, ImagePool, Images, Pairs, Player, Stage, Task, Term, Update
from spectra.losses.adversarial import Adversarial
from spectra.losses.cycle import cycle
from spectra.losses.identity import identity
from spectra_cyclegan.settings import CycleGANSettings


class Cycle(Stage):
    """One step of CycleGAN: both generators learn, then the discriminators, from fakes of before that step.

    Where the recipe names paired losses, a stream of pairs comes beside the unpaired images, and the generator from
    source to target learns from them too.
    """

    def __init__(
        self,
        task: Task,
        generators: tuple[nn.Module, nn.Module],
        discriminators: tuple[nn.Module, nn.Module],
        settings: CycleGANSettings,
        share_of_identity: float,
    ) -> None:
        super().__init__()
        self.there, self.back = generators
        self.of_source, self.of_target = discriminators
        self.streams: dict[str, Images | Pairs] = {
            "source": Images(task.source.name),
            "target": Images(task.target.name),
        }
        # The official code has one Adam for both discriminators. Adam goes weight by weight, so that two of the same
        # settings take the same steps.
        self.players = {
            "generators": Player(self.there, self.back),
            "discriminator_target": Player(self.of_target),
            "discriminator_source": Player(self.of_source),
        }
        self.settings, self.identity = settings, share_of_identity
        self.verdict = Adversarial(settings.adversarial)
        self.pool_source, self.pool_target = ImagePool(settings.pool), ImagePool(settings.pool)

    def begin(self) -> None:
        if self.losses:
            self.streams["pairs"] = Pairs()

    def step(self, batch: Batch) -> Iterator[Update]:
        source, target = 2 * batch.source - 1, 2 * batch.target - 1
        fake_target, fake_source = self.share(self.there(source)), self.share(self.back(target))
        yield Update(
            "generators",
            adversarial_target=lambda: self.verdict.generator(self.of_target(fake_target)),
            adversarial_source=lambda: self.verdict.generator(self.of_source(fake_source)),
            cycle_source=Term(lambda: cycle(self.back(fake_target), source), self.settings.cycle_source),
            cycle_target=Term(lambda: cycle(self.there(fake_source), target), self.settings.cycle_target),
            **self._identities(source, target),
            **self._paired(batch),
        )
        yield self._judged("discriminator_target", self.of_target, target, fake_target, self.pool_target)
        yield self._judged("discriminator_source", self.of_source, source, fake_source, self.pool_source)

    def _identities(self, source: Tensor, target: Tensor) -> dict[str, Term]:
        """Each generator is to leave alone what already is of the kind that it makes."""
        if source.shape[1] != target.shape[1]:
            return {}
        return {
            "identity_target": Term(
                lambda: identity(self.there(target), target), self.settings.cycle_target * self.identity
            ),
            "identity_source": Term(
                lambda: identity(self.back(source), source), self.settings.cycle_source * self.identity
            ),
        }

    def _paired(self, batch: Batch) -> dict[str, Term]:
        if not self.losses:
            return {}
        source, target = batch.pairs
        return self.pairwise((self.there(2 * source - 1) + 1) / 2, target)

    def _judged(self, player: str, judge: nn.Module, real: Tensor, fake: Tensor, pool: ImagePool) -> Update:
        return Update(
            player,
            real=Term(lambda: self.verdict.real(judge(real)), 0.5),
            fake=Term(lambda: self.verdict.fake(judge(pool(fake))), 0.5),
        )

    def state(self) -> dict[str, Any]:
        return {"pool_source": self.pool_source.state(), "pool_target": self.pool_target.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.pool_source.restore(state["pool_source"])
        self.pool_target.restore(state["pool_target"])
