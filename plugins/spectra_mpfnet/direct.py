"""The last stage without a translation: colours are made of the source itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from torch import nn

from spectra import Batch, Pairs, Player, Stage, Task, Update
from spectra_mpfnet.joint import coloured
from spectra_mpfnet.judging import Judging
from spectra_mpfnet.settings import Settings
from spectra_mpfnet.supervision import Supervision
from spectra_mpfnet.translation import colour_of, colours


class Direct(Stage):
    """``L_pf + λ₂·L_feat`` of one network: the ablation of the paper's first idea."""

    name = "joint"

    def __init__(self, task: Task, color: nn.Module, of_colour: nn.Module | None, settings: Settings) -> None:
        super().__init__()
        self.color, self.of_colour, self.settings = color, of_colour, settings
        self.supervision = Supervision(settings)
        self.judging = None if of_colour is None else Judging(of_colour, settings)
        self.players = {
            "networks": Player(color),
            **({} if of_colour is None else {"discriminator_colour": Player(of_colour)}),
        }
        self.streams = {
            "pairs": Pairs(),
            **({} if of_colour is None else {"colour": colours(task, settings.online)}),
        }

    def step(self, batch: Batch) -> Iterator[Update]:
        real = None if self.judging is None else self.judging.real_of(self.color, 2 * colour_of(batch.colour) - 1)
        predictions = self.color(2 * batch.pairs[0] - 1)
        finest = predictions[-1]
        yield Update(
            "networks",
            **coloured(self, self.supervision, self.settings, predictions, batch),
            **({} if self.judging is None else {"adversarial_colour": self.judging.term(finest)}),
        )
        if self.judging is not None and real is not None:
            yield self.judging.judged(real, finest)

    def state(self) -> dict[str, Any]:
        return {} if self.judging is None else {"pool_colour": self.judging.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        if self.judging is not None:
            self.judging.restore(state["pool_colour"])
