"""The operations of a recipe, in their order: first everything random is drawn, then images are read and changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

import numpy as np
import torch

from spectra.data.augment.action import Action, Grid, SideName
from spectra.data.augment.geometry import Crop
from spectra.data.augment.modes import operation_of
from spectra.data.augment.operations import Misfit
from spectra.data.augment.sizes import Size, Sizes, shown
from spectra.data.catalogue import Window
from spectra.data.pairs import Pair, Picture
from spectra.errors import DataError
from spectra.recipe.augment import CropSettings, MPFNetSettings, Operation, Pix2PixHDSettings


@dataclass(frozen=True)
class Plan:
    """What is done to one pair, or to one image: drawn already, the same for both images of a pair."""

    window: Window
    """The part of the original that is needed; the images that the plan is applied to are cut to it."""
    size: Size
    """Height and width of the result."""
    actions: Sequence[Action]
    """What remains to be done to the window."""

    def pair(self, pair: Pair) -> Pair:
        return replace(pair, source=self.picture(pair.source, "source"), target=self.picture(pair.target, "target"))

    def picture(self, picture: Picture, side: SideName) -> Picture:
        """One image, as the source or as the target of the task: some operations change only one of them."""
        grid: Grid = (picture.pixels, picture.valid)
        found = (picture.pixels.shape[1], picture.pixels.shape[2])
        if found != (self.window.height, self.window.width):
            raise DataError(
                f"A plan for {self.window.width}×{self.window.height} pixels was given an image of {shown(found)}."
            )
        if not self.actions:
            return picture
        try:
            for action in self.actions:
                grid = action.apply(grid, side)
            pixels, valid = _filled(grid)
        except RuntimeError as why:
            if "allocate memory" not in str(why):
                raise
            raise DataError(
                f"There is not enough memory to bring an image of {shown(found)} pixels to {shown(self.size)}, as "
                "`train.augment` says."
            ) from None
        return replace(picture, pixels=pixels, valid=valid)


class Augmentation:
    """The operations of `train.augment`, and the crop of `train.crop` after them."""

    def __init__(self, operations: Sequence[Operation], crop: int | None = None, key: str = "train.augment") -> None:
        self.named = [(_key(f"{key}.{place}", one), operation_of(one.settings)) for place, one in enumerate(operations)]
        if crop is not None:
            self.named.append((f"train.crop: {crop}", operation_of(CropSettings(size=(crop, crop)))))

    def sizes(self, size: Size, name: str = "") -> Sizes:
        """Between what the size of the result lies; a ``DataError`` where a crop may be larger than what there is."""
        sizes = Sizes(size, size)
        for key, operation in self.named:
            try:
                sizes = operation.sizes(sizes)
            except Misfit as why:
                raise _too_large(key, why, size, name) from None
        return sizes

    def fixed_size(self, sizes: Iterable[Size]) -> Size | None:
        """The one size that images of these sizes all come to; None where it varies, or where there are none."""
        found = {self.sizes(size) for size in set(sizes)}
        return next(iter(found)).low if len(found) == 1 and next(iter(found)).fixed else None

    def draw(self, size: Size, random: np.random.Generator, name: str = "") -> Plan:
        """Everything that is random, for an image of a height and width. ``name`` is for messages alone."""
        actions: list[tuple[Action, Size]] = []
        current = size
        for key, operation in self.named:
            try:
                for action in operation.draw(current, random):
                    actions.append((action, current))
                    current = action.size(current)
            except Misfit as why:
                raise _too_large(key, why, size, name) from None
        return _planned(actions, size, current)


def _key(above: str, operation: Operation) -> str:
    """Where a crop stands in the recipe, and how large it is."""
    settings = operation.settings
    crop = f".size: {settings.size[1]}" if isinstance(settings, CropSettings | MPFNetSettings) else ""
    crop = f".crop: {settings.crop}" if isinstance(settings, Pix2PixHDSettings) else crop
    return f"{above}.{operation.name}{crop}"


def _planned(actions: Sequence[tuple[Action, Size]], size: Size, result: Size) -> Plan:
    """Crops before anything that needs the whole image become a window of the original."""
    first = list(takewhile(lambda entry: _local(*entry), actions))
    height, width = first[-1][0].size(first[-1][1]) if first else size
    window = Window(0, 0, height, width)
    for action, given in reversed(first):
        window = action.within(window, given) or Window(0, 0, *given)
    rest = [action for action, _ in first if not isinstance(action, Crop)]
    return Plan(window, result, [*rest, *(action for action, _ in actions[len(first) :])])


def _local(action: Action, size: Size) -> bool:
    return action.within(Window(0, 0, *action.size(size)), size) is not None


def _filled(grid: Grid) -> Grid:
    """Pixels without data take the mean of those with data, each band its own, as in an image that was just read."""
    pixels, valid = grid
    if valid is None or bool(valid.all()):
        return pixels, None
    known = pixels[:, valid]
    fill = known.mean(1) if known.numel() else pixels.new_zeros(len(pixels))
    return torch.where(valid, pixels, fill[:, None, None]), valid


def _too_large(key: str, why: Misfit, size: Size, name: str) -> DataError:
    image = f"the training pair {name!r}, which has" if name else "an image of"
    image = f"{image} {shown(size)} pixels"
    if why.size != size:
        image = f"{shown(why.size)} pixels, which the operations before it may leave of {image}"
    return DataError(f"`{key}` is larger than {image}.")
