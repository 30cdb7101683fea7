"""What a layout paints on: for each pixel the material, and what the sensors need to know of the surface there."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .materials import INDEX
from .noise import Bools, Floats

Window = tuple[slice, slice]
SMALLEST_INSTANCE = 4  # pixels in sight; less is a speck, not something to find


class Box(NamedTuple):
    """An instance in pixels; right and bottom are the first column and row outside."""

    label: str
    left: int
    top: int
    right: int
    bottom: int


class Canvas:
    def __init__(self, shape: tuple[int, int], ground: str) -> None:
        self.shape = shape
        self.material = np.full(shape, INDEX[ground], np.uint8)
        self.tone = np.ones(shape, np.float32)  # brightness of this instance among its kind
        self.mix = np.zeros(shape, np.float32)  # how far along the material's `change`
        self.light = np.ones(shape, np.float32)  # sun on the surface, 1 on level ground
        self.shadow = np.zeros(shape, np.float32)  # share of the sun that is hidden
        self.openness = np.ones(shape, np.float32)  # share of the sky in sight
        self.height = np.zeros(shape, np.float32)  # metres above the ground
        self.depth = np.zeros(shape, np.float32)  # metres of hazy air in front
        self.instance = np.zeros(shape, np.uint32)
        self.labels: list[str] = []

    @property
    def everywhere(self) -> Window:
        return slice(0, self.shape[0]), slice(0, self.shape[1])

    def add(self, label: str) -> int:
        """A number for a new instance."""
        self.labels.append(label)
        return len(self.labels)

    def paint(self, window: Window, mask: Bools, **layers: float | Floats | NDArray[np.uint32]) -> None:
        for name, value in layers.items():
            layer: NDArray[np.float32] = getattr(self, name)
            np.copyto(layer[window], value, where=mask, casting="same_kind")

    def cover(self, window: Window, mask: Bools, material: str, **layers: float | Floats) -> None:
        """Paint a new surface: what is not said starts afresh."""
        np.copyto(self.material[window], np.uint8(INDEX[material]), where=mask)
        fresh: dict[str, float | Floats] = {"tone": 1.0, "mix": 0.0, "light": 1.0}
        self.paint(window, mask, **(fresh | layers))

    def mark(self, window: Window, mask: Bools, number: int) -> None:
        np.copyto(self.instance[window], np.uint32(number), where=mask)

    def boxes(self) -> tuple[Box, ...]:
        """Of every instance that is still in sight."""
        width = self.shape[1]
        flat = self.instance.ravel()
        places = np.flatnonzero(flat)
        if not places.size:
            return ()
        places = places[np.argsort(flat[places], kind="stable")]
        numbers, starts, counts = np.unique(flat[places], return_index=True, return_counts=True)
        rows, columns = places // width, places % width
        edges = zip(
            numbers.tolist(),
            counts.tolist(),
            np.minimum.reduceat(columns, starts).tolist(),
            np.minimum.reduceat(rows, starts).tolist(),
            np.maximum.reduceat(columns, starts).tolist(),
            np.maximum.reduceat(rows, starts).tolist(),
            strict=True,
        )
        return tuple(
            Box(self.labels[number - 1], left, top, right + 1, bottom + 1)
            for number, count, left, top, right, bottom in edges
            if count >= SMALLEST_INSTANCE
        )
