"""Whether training images, as a recipe varies them, can be learned from: said before the first step if possible."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from spectra.data.augment import Augmentation, Plan
from spectra.errors import DataError
from spectra.recipe.augment import Operation
from spectra.training.supply import Size, Supply

_SIZING = frozenset({"crop", "resize", "pix2pixhd", "mpfnet", "pix2next"})


class Fitting:
    """The sizes of one stage: whole images of one size, sides that divide by ``multiple``, batches of one size."""

    def __init__(
        self, operations: Sequence[Operation], crop: int | None, multiple: int = 1, batch_size: int = 1
    ) -> None:
        self.crop, self.multiple, self.batch_size = crop, multiple, batch_size
        self.augmentation = Augmentation(operations, crop)
        self.sizing = crop is not None or any(operation.name in _SIZING for operation in operations)
        self._first: dict[str, Size] = {}

    def check(self, supplies: Sequence[Supply]) -> None:
        """Say before the first step, where headers tell it, that some step could not be taken."""
        if self.crop is not None and self.crop % self.multiple:
            raise DataError(
                f"`train.crop: {self.crop}` does not divide by {self.multiple}, which the translator needs."
            )
        for supply in supplies:
            len(supply)
            named: dict[Size, str] = {}
            for size, name in zip(supply.sizes(), supply.names, strict=False):
                named.setdefault(size, name)
            self._check_sizes(named)

    def _check_sizes(self, named: Mapping[Size, str]) -> None:
        """``named`` holds the sizes there are, each with the name of an image that has it."""
        if not self.sizing:
            _refuse_differing(named)
        for size, name in named.items():
            sizes = self.augmentation.sizes(size, name)
            if sizes.fixed:
                self.require_room(sizes.low, size, partial(str, name))
        if self.batch_size > 1 and named and self.augmentation.fixed_size(named) is None:
            raise DataError(_MIXED.format(size=self.batch_size))

    def plan(self, size: Size, seeds: Sequence[int], name: Callable[[], str]) -> Plan:
        """What is done to an image of that size; its name is asked for only where it cannot be learned from."""
        try:
            plan = self.augmentation.draw(size, np.random.default_rng(seeds))
        except DataError:
            plan = self.augmentation.draw(size, np.random.default_rng(seeds), name())
        self.require_room(plan.size, size, name)
        return plan

    def require_like_first(self, supply: Supply, size: Size, name: Callable[[], str]) -> None:
        """Whole images are of the size of the first, whether headers told it before or not."""
        if self.sizing:
            return
        if supply.key not in self._first:
            self._first[supply.key] = supply.size(0, 0)
        if (first := self._first[supply.key]) != size:
            _refuse_differing({first: supply.names[0], size: name()})

    def require_room(self, result: Size, size: Size, name: Callable[[], str]) -> None:
        if not any(side % self.multiple for side in result):
            return
        made = "" if result == size else f" `train.augment` makes {_size(result)} pixels of it."
        raise DataError(
            f"The translator learns from images whose sides divide by {self.multiple}, not from the training image "
            f"{name()!r}, which has {_size(size)} pixels.{made} Set `train.crop` to a multiple of {self.multiple}."
        )

    def require_one_size(self, sizes: Sequence[Size]) -> None:
        if len(set(sizes)) > 1:
            raise DataError(_MIXED.format(size=len(sizes)))


_MIXED = (
    "A batch needs images of one size, and `train.augment` leaves these in different sizes: set `train.crop`, end it "
    "with a crop or a resize to one size, or set `train.batch_size: 1` in place of {size}."
)


def _refuse_differing(named: Mapping[Size, str]) -> None:
    if len(named) > 1:
        told = [f"{_size(size)} ({name})" for size, name in named.items()]
        more = f", ... ({len(told)} sizes)" if len(told) > 3 else ""
        raise DataError(
            f"The training images differ in size: {', '.join(told[:3])}{more}. Set `train.crop`, or bring them to one "
            "size with `train.augment: [resize: {size: 256}]`."
        )


def _size(size: Size) -> str:
    return f"{size[1]}×{size[0]}"
