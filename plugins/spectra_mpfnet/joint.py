"""The last stage: translation and colours learn together (eqs. 3 to 5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from spectra import Batch, Pairs, Player, Stage, Task, Term, Update
from spectra.losses.identity import identity
from spectra_mpfnet.crossing import Crossing, Networks, weighted
from spectra_mpfnet.judging import Judging
from spectra_mpfnet.luma import luma
from spectra_mpfnet.networks import aside
from spectra_mpfnet.settings import Settings
from spectra_mpfnet.supervision import Supervision
from spectra_mpfnet.translation import colour_of, colours


class Joint(Crossing):
    """``L_pf + λ₁·L_tran + λ₂·L_feat``. The first and the last go through the colours into the translation.

    Both learn with one optimizer, as they learn from the same terms.
    """

    name = "joint"

    def __init__(
        self, task: Task, networks: Networks, color: nn.Module, of_colour: nn.Module | None, settings: Settings
    ) -> None:
        super().__init__(networks, settings)
        self.color, self.of_colour = color, of_colour
        self.supervision = Supervision(settings)
        self.judging = None if of_colour is None else Judging(of_colour, settings)
        self.players = {
            "networks": Player(self.there, self.back, color),
            "discriminator_grey": Player(self.of_grey, fresh=True),
            "discriminator_source": Player(self.of_source, fresh=True),
            **({} if of_colour is None else {"discriminator_colour": Player(of_colour)}),
        }
        self.streams = {"pairs": Pairs(), "colour": colours(task, settings.online)}

    def step(self, batch: Batch) -> Iterator[Update]:
        source, colour = 2 * batch.pairs[0] - 1, 2 * colour_of(batch.colour) - 1
        grey = luma(colour)
        again = self._again(colour) if self.settings.replay and self.judging is not None else []
        real = None if self.judging is None else self.judging.real_of(self.color, colour, again)
        made_grey, made_source = self.crossed(source, grey)
        predictions = self.color(made_grey)
        finest = predictions[-1]
        yield Update(
            "networks",
            **coloured(self, self.supervision, self.settings, predictions, batch),
            **({} if self.judging is None else {"adversarial_colour": self.judging.term(finest)}),
            **weighted(
                {**self.crossing(source, grey, made_grey, made_source), "pair": self._paired(batch, made_grey)},
                self.settings.joint_translation,
            ),
            replay=Term(lambda: self.supervision(again or self._again(colour), (colour + 1) / 2), self.settings.replay),
        )
        yield self.judged_grey(grey, made_grey)
        yield self.judged_source(source, made_source)
        if self.judging is not None and real is not None:
            yield self.judging.judged(real, finest)

    def _paired(self, batch: Batch, made_grey: Tensor) -> Term:
        true, valid = luma(2 * batch.pairs[1] - 1), batch.pairs.valid
        shown = self.filled(made_grey, true, valid)
        return Term(lambda: identity(shown, self.filled(true, true, valid)), self.settings.pair)

    def _again(self, colour: Tensor) -> list[Tensor]:
        """The colours of true grey, which are replayed, and are real to the feature discriminator."""
        with aside(self.color):
            predictions: list[Tensor] = self.color(luma(colour))
            return predictions

    def state(self) -> dict[str, Any]:
        return {**super().state(), "pool_colour": {} if self.judging is None else self.judging.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        super().restore(state)
        if self.judging is not None:
            self.judging.restore(state["pool_colour"])


def coloured(
    stage: Stage, supervision: Supervision, settings: Settings, predictions: Sequence[Tensor], batch: Batch
) -> dict[str, Term]:
    """L_pf, and the paired losses that the recipe names."""
    valid = batch.pairs.valid
    target = wanted(batch.pairs, settings)
    return {
        "colour": Term(lambda: supervision(predictions, target, valid)),
        **stage.pairwise([(image + 1) / 2 for image in predictions], target, valid=valid),
    }


def wanted(pair: tuple[Tensor, ...], settings: Settings) -> Tensor:
    """The readings of ``Y_N``: the colours, the source itself, or the true grey, the last two in three channels."""
    source, target = pair
    if settings.joint_target == "rgb":
        return target
    return (source if settings.joint_target == "source" else luma(target)).expand_as(target)
