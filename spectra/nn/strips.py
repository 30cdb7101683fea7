"""Large images through a stack of layers in strips of rows, whose maps put together are those of the whole image."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

MOST_PIXELS = 1 << 21
"""An image of more is computed in strips: a full HD image is one strip, and VGG-16's maps of it take a gigabyte."""


@dataclass(frozen=True)
class Strip:
    """Rows ``top`` to ``bottom`` of an image, and ``first`` to ``last``: those that have to be seen for their maps."""

    top: int
    bottom: int
    first: int
    last: int
    height: int

    def of(self, image: Tensor) -> Tensor:
        """What a network has to see of an image, ``(..., h, w)``."""
        return image[..., self.first : self.last, :]

    def own(self, features: Tensor, stride: int) -> Tensor:
        """Of a map of what was seen, ``(n, c, h, w)``, the rows that belong to this strip, and to no other."""
        begin = (self.top - self.first) // stride
        end = None if self.bottom == self.height else (self.bottom - self.first) // stride
        return features[:, :, begin:end]


@dataclass(frozen=True)
class Geometry:
    """How the maps of some layers lie on the image: the stride of each, and how far a pixel of any of them sees."""

    strides: tuple[int, ...]
    reach: int

    def strips(self, height: int, width: int, most: int | None = None) -> list[Strip]:
        """One where the image has no more than ``most`` pixels (``MOST_PIXELS``); else as few as can be."""
        most = MOST_PIXELS if most is None else most
        step = max(self.strides)
        border = -(-self.reach // step) * step
        rows = height
        if height * width > most:
            rows = max(step, (most // width - 2 * border) // step * step)
        return [
            Strip(top, min(top + rows, height), max(0, top - border), min(top + rows + border, height), height)
            for top in range(0, height, rows)
        ]


def geometry(layers: Iterable[nn.Module], numbers: Iterable[int], image: bool = False) -> Geometry:
    """Of the layers of these numbers; with ``image``, the image itself is the first of the maps."""
    wanted, strides = set(numbers), [1] if image else []
    stride, reach = 1, 0
    for number, layer in enumerate(layers):
        for kernel, step, padding in _windows(layer):
            reach += max(padding, kernel - 1 - padding) * stride
            stride *= step
        if number in wanted:
            strides.append(stride)
    return Geometry(tuple(strides), reach)


def _windows(layer: nn.Module) -> Iterator[tuple[int, int, int]]:
    """Side, stride and padding of all that slides over the image; branches side by side count one after the other."""
    for part in layer.modules():
        if hasattr(part, "kernel_size"):
            yield _side(part, "kernel_size"), _side(part, "stride"), _side(part, "padding")


def _side(part: nn.Module, name: str) -> int:
    said: Any = getattr(part, name)
    return int(said[0] if isinstance(said, tuple) else said)
