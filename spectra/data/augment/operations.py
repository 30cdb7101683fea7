"""From the settings of an operation to actions: what is random is drawn here, by the size of the image alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from spectra.data.augment import geometry, resample
from spectra.data.augment.action import Action
from spectra.data.augment.sizes import Size, Sizes, rounded
from spectra.data.catalogue import Window
from spectra.recipe import augment as said

Random = np.random.Generator


class Misfit(Exception):
    """A crop that is larger than what it is to be cut from: its side, and the size that there may be."""

    def __init__(self, side: int, size: Size) -> None:
        super().__init__(side, size)
        self.side, self.size = side, size


class Operation(Protocol):
    def sizes(self, sizes: Sizes) -> Sizes:
        """Limits of the result, by those of what it is given; ``Misfit`` where it may not be possible."""

    def draw(self, size: Size, random: Random) -> Iterator[Action]: ...


@dataclass(frozen=True)
class Flip:
    settings: said.FlipSettings

    def sizes(self, sizes: Sizes) -> Sizes:
        return sizes

    def draw(self, size: Size, random: Random) -> Iterator[Action]:
        horizontal, vertical = (
            bool(random.random() < often) for often in (self.settings.horizontal, self.settings.vertical)
        )
        if horizontal or vertical:
            yield geometry.Mirror(horizontal, vertical)


@dataclass(frozen=True)
class Rotate:
    settings: said.RotateSettings

    def sizes(self, sizes: Sizes) -> Sizes:
        return sizes.transposed if self.settings.quarter and self.settings.probability else sizes

    def draw(self, size: Size, random: Random) -> Iterator[Action]:
        settings = self.settings
        if random.random() >= settings.probability:
            return
        if settings.quarter and (quarters := int(random.integers(4))):
            yield geometry.Turn(quarters)
        if degrees := random.uniform(*settings.degrees):
            yield resample.Rotate(degrees, settings.interpolation, settings.border == "reflect")


@dataclass(frozen=True)
class Crop:
    settings: said.CropSettings

    def sizes(self, sizes: Sizes) -> Sizes:
        low, high = self.settings.size
        if high > min(sizes.low):
            raise Misfit(high, sizes.low)
        if self.settings.resize is not None:
            low = high = self.settings.resize
        return Sizes((low, low), (high, high))

    def draw(self, size: Size, random: Random) -> Iterator[Action]:
        low, high = self.settings.size
        side = low if low == high else int(random.integers(low, high + 1))
        if side > min(size):
            raise Misfit(side, size)
        top, left = (int(random.integers(whole - side + 1)) for whole in size)
        yield geometry.Crop(Window(top, left, side, side))
        if self.settings.resize is not None:
            square = (self.settings.resize, self.settings.resize)
            yield from _resized((side, side), square, self.settings.interpolation)


@dataclass(frozen=True)
class Resize:
    settings: said.ResizeSettings

    def sizes(self, sizes: Sizes) -> Sizes:
        (least_height, least_width), (height, width) = sizes
        tall, flat = self._to((height, least_width)), self._to((least_height, width))
        return Sizes((flat[0], tall[1]), (tall[0], flat[1]))

    def draw(self, size: Size, random: Random) -> Iterator[Action]:
        yield from _resized(size, self._to(size), self.settings.interpolation)

    def _to(self, size: Size) -> Size:
        settings, (height, width) = self.settings, size
        if settings.size is not None:
            return settings.size
        if settings.width is not None:
            return max(1, settings.width * height // width), settings.width
        if settings.short is not None:
            short = min(size)
            return rounded(settings.short * height / short), rounded(settings.short * width / short)
        multiple = settings.multiple or 1
        return max(1, round(height / multiple)) * multiple, max(1, round(width / multiple)) * multiple


@dataclass(frozen=True)
class Scale:
    settings: said.ScaleSettings

    def sizes(self, sizes: Sizes) -> Sizes:
        (low, high), often = self.settings.factor, self.settings.probability
        if often == 0:
            return sizes
        unchanged = () if often == 1 else (1.0,)
        return Sizes(_scaled(sizes.low, min(low, *unchanged, high)), _scaled(sizes.high, max(low, *unchanged, high)))

    def draw(self, size: Size, random: Random) -> Iterator[Action]:
        if random.random() < self.settings.probability:
            factor = random.uniform(*self.settings.factor)
            yield from _resized(size, _scaled(size, factor), self.settings.interpolation)


def _resized(size: Size, to: Size, interpolation: said.Interpolation) -> Iterator[Action]:
    if to != size:
        yield resample.Resize(to, interpolation)


def _scaled(size: Size, factor: float) -> Size:
    return rounded(size[0] * factor), rounded(size[1] * factor)


@dataclass(frozen=True)
class Photometric:
    """Any of those that change values alone."""

    settings: Any
    action: Callable[[Any, Random], Action]

    def sizes(self, sizes: Sizes) -> Sizes:
        return sizes

    def draw(self, size: Size, random: Random) -> Iterator[Action]:
        if random.random() < self.settings.probability:
            yield self.action(self.settings, random)


@dataclass(frozen=True)
class Chain:
    """Several, one after another; with some probability all of them, else none."""

    operations: tuple[Operation, ...]
    probability: float = 1.0

    def sizes(self, sizes: Sizes) -> Sizes:
        if self.probability == 0:
            return sizes
        after = sizes
        for operation in self.operations:
            after = operation.sizes(after)
        if self.probability == 1:
            return after
        low, high = zip(sizes.low, after.low, strict=True), zip(sizes.high, after.high, strict=True)
        (low_height, low_width), (high_height, high_width) = map(min, low), map(max, high)
        return Sizes((low_height, low_width), (high_height, high_width))

    def draw(self, size: Size, random: Random) -> Iterator[Action]:
        if self.probability < 1 and random.random() >= self.probability:
            return
        for operation in self.operations:
            for action in operation.draw(size, random):
                size = action.size(size)
                yield action
