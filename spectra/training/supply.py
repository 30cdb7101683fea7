"""What a stream draws from: pairs, one side of them, or single images; whole or in windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from torch import Tensor

from spectra.data.augment import Plan
from spectra.data.catalogue import Window
from spectra.data.pairs import Looking, PairSet, look, sizes_of
from spectra.data.sets.unpaired import ImageSet
from spectra.errors import DataError
from spectra.modalities import Task

Size = tuple[int, int]


class Item(NamedTuple):
    """What one draw gives: one image or two, and where both have data."""

    images: Sequence[Tensor]
    valid: Tensor | None


class Supply(Protocol):
    @property
    def key(self) -> str:
        """What it draws from, among the supplies of a feed."""

    @property
    def names(self) -> Sequence[str]: ...

    def __len__(self) -> int:
        """Never 0: that is an error."""

    def sizes(self) -> Sequence[Size]:
        """Of all images, as far as headers tell without reading them; else none."""

    def size(self, place: int, epoch: int) -> Size: ...

    def look(self, place: int, epoch: int, plan: Plan, size: Size) -> Item: ...


class PairSupply:
    """Pairs, or one side of them: ``sides`` are 0 for the source, 1 for the target."""

    def __init__(self, pairs: PairSet, sides: Sequence[int]) -> None:
        self.pairs, self.chosen, self.key = pairs, sides, "pairs"

    @property
    def names(self) -> Sequence[str]:
        return self.pairs.names

    def __len__(self) -> int:
        count = len(self.pairs)
        if not count:
            raise DataError("A stage asks for pairs, and the training data has none, only single images.")
        return count

    def sizes(self) -> Sequence[Size]:
        return sizes_of(self.pairs)

    def size(self, place: int, epoch: int) -> Size:
        if isinstance(self.pairs, Looking):
            return self.pairs.size(place, epoch)
        sizes = sizes_of(self.pairs)
        height, width = sizes[place] if sizes else self.pairs[place].source.pixels.shape[1:]
        return height, width

    def look(self, place: int, epoch: int, plan: Plan, size: Size) -> Item:
        pair = plan.pair(look(self.pairs, place, epoch, _part(plan, size)))
        both = (pair.source.pixels, pair.target.pixels)
        return Item([both[side] for side in self.chosen], pair.valid)


class ImageSupply:
    """Single images. What is the task's target is varied as a target, all else as a source."""

    def __init__(self, images: ImageSet, modality: str, task: Task) -> None:
        self.images, self.modality, self.key = images, modality, f"images/{modality}"
        self.is_target = modality == task.target.name and modality != task.source.name

    @property
    def names(self) -> Sequence[str]:
        return self.images.names

    def __len__(self) -> int:
        count = len(self.images)
        if not count:
            raise DataError(f"A stage asks for images of {self.modality!r}, and the training data has none.")
        return count

    def sizes(self) -> Sequence[Size]:
        return [self.images.size(place) for place in range(len(self.images))]

    def size(self, place: int, epoch: int) -> Size:
        return self.images.size(place, epoch)

    def look(self, place: int, epoch: int, plan: Plan, size: Size) -> Item:
        picture = self.images.look(place, epoch, _part(plan, size))
        picture = plan.picture(picture, "target" if self.is_target else "source")
        return Item([picture.pixels], picture.valid)


def _part(plan: Plan, size: Size) -> Window | None:
    return None if plan.window == Window(0, 0, *size) else plan.window
