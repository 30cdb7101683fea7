"""The second stage: colours of grey images (eq. 2)."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from spectra import Batch, Player, Stage, Task, Term, Update
from spectra_mpfnet.crossing import Networks
from spectra_mpfnet.luma import luma
from spectra_mpfnet.settings import Settings
from spectra_mpfnet.supervision import Supervision
from spectra_mpfnet.translation import colour_of, colours


class Colorization(Stage):
    """Each colour image is the target of its own grey.

    What the translation has learned by besides is held, though nobody uses it here: a run of this stage alone hands it
    on, from the run that it begins with to the one that begins with it.
    """

    name = "colorization"

    def __init__(self, task: Task, color: nn.Module, settings: Settings, held: Networks | None = None) -> None:
        super().__init__()
        self.color = color
        if held is not None:
            self.back, self.of_source, self.of_grey = held.back, held.of_source, held.of_grey
        self.players = {"colorizer": Player(color)}
        self.streams = {"colour": colours(task, settings.pretrain_unpaired)}
        self.supervision = Supervision(settings)

    def step(self, batch: Batch) -> Iterator[Update]:
        target = colour_of(batch.colour)
        valid = getattr(batch.colour, "valid", None)
        predictions = self.color(luma(2 * target - 1))
        yield Update(
            "colorizer",
            colour=Term(lambda: self.supervision(predictions, target, valid)),
            **self.pairwise([(image + 1) / 2 for image in predictions], target, valid=valid),
        )
