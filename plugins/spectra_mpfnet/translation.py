"""The first stage: from the source to grey and back, as a CycleGAN."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from spectra import Batch, Images, Pairs, Player, Task, Term, Update
from spectra.losses.identity import identity
from spectra_mpfnet.crossing import Crossing, Networks
from spectra_mpfnet.luma import luma
from spectra_mpfnet.settings import Settings


class Translation(Crossing):
    """Sources and colour images, of which the grey is made, need not belong together.

    With a weight of `pair`, sources come with their targets, and the grey that is made of a source is compared with
    that of its target besides. Without `online`, grey is made of targets alone.
    """

    name = "translation"

    def __init__(self, task: Task, networks: Networks, settings: Settings) -> None:
        super().__init__(networks, settings)
        self.players = {
            "translators": Player(self.there, self.back),
            "discriminator_grey": Player(self.of_grey),
            "discriminator_source": Player(self.of_source),
        }
        sources: dict[str, Pairs | Images] = (
            {"pairs": Pairs()} if settings.pair else {"source": Images(task.source.name)}
        )
        self.streams = {**sources, "colour": colours(task, settings.online)}

    def step(self, batch: Batch) -> Iterator[Update]:
        source = 2 * (batch.pairs[0] if self.settings.pair else batch.source) - 1
        grey = luma(2 * colour_of(batch.colour) - 1)
        made_grey, made_source = self.crossed(source, grey)
        yield Update(
            "translators", **self.crossing(source, grey, made_grey, made_source), **self._paired(batch, made_grey)
        )
        yield self.judged_grey(grey, made_grey)
        yield self.judged_source(source, made_source)

    def _paired(self, batch: Batch, made_grey: Tensor) -> dict[str, Term]:
        if not self.settings.pair:
            return {}
        true = luma(2 * batch.pairs[1] - 1)
        shown = self.filled(made_grey, true, batch.pairs.valid)
        return {"pair": Term(lambda: identity(shown, self.filled(true, true, batch.pairs.valid)), self.settings.pair)}


def colours(task: Task, unpaired: bool) -> Images | Pairs:
    """Where colour images come from: all that there are, or the targets of pairs alone."""
    return Images(task.target.name) if unpaired else Pairs()


def colour_of(entry: Tensor | tuple[Tensor, ...]) -> Tensor:
    return entry if isinstance(entry, Tensor) else entry[1]
