"""One procedural place, seen by any sensor."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...errors import SpectraError, did_you_mean
from .aerial import paint_aerial
from .canvas import Box, Canvas
from .noise import Stream
from .sensors import BANDS, Surface, render
from .street import paint_street
from .weather import Weather

Layout = Callable[[Stream, tuple[int, int]], tuple[Canvas, Weather, float]]

LAYOUTS: dict[str, Layout] = {"aerial": paint_aerial, "street": paint_street}
VIEWS: tuple[str, ...] = tuple(LAYOUTS)
SMALLEST = 16
SAME_SENSOR = {"ir": "nir", "gray": "rgb"}  # `ir` is the near infrared in both views; `gray` is made from `rgb`


class Scene:
    """A place with aligned images of every modality in ``BANDS``, rendered when asked for, and labels.

    ``name`` is unique within a seed and view; every scene is a place of its own, so ``group`` is the name.
    """

    def __init__(self, seed: int, index: int, size: tuple[int, int], view: str) -> None:
        self.name = f"{view}_{index:06d}"
        self.group = self.name
        self._key: tuple[int | str, ...] = (seed, index, view)
        canvas, weather, scale = LAYOUTS[view](Stream(*self._key, "layout"), size)
        self._surface = Surface(canvas, weather, scale, Stream(*self._key, "texture"))
        self.materials: NDArray[np.uint8] = canvas.material
        self.instances: NDArray[np.uint32] = canvas.instance

    @cached_property
    def boxes(self) -> tuple[Box, ...]:
        """Cars, buildings, people …: instances of which something is in sight."""
        return self._surface.canvas.boxes()

    @property
    def weather(self) -> Weather:
        return self._surface.weather

    @property
    def shadow(self) -> NDArray[np.float32]:
        """Share of the sun that something hides, ``(h, w)``, 0 to 1."""
        return self._surface.canvas.shadow

    @property
    def depth(self) -> NDArray[np.float32]:
        """Metres of air in front of what a ``street`` camera sees; 0 for the sky. An orthophoto has 1 everywhere."""
        return self._surface.canvas.depth

    def image(self, modality: str, bits: int = 8) -> NDArray[np.uint8] | NDArray[np.uint16]:
        """``(h, w, c)``, uint8 or uint16. The same bits whatever was rendered before."""
        if modality not in BANDS:
            raise SpectraError(
                f"A scene has no modality {modality!r}.{did_you_mean(modality, BANDS)}\nIt has: {', '.join(BANDS)}."
            )
        if bits not in (8, 16):
            raise SpectraError(f"Scenes are rendered at 8 or 16 bits, not {bits!r}.")
        sensor = SAME_SENSOR.get(modality, modality)
        actual = "nir" if modality == "ir" else modality
        return render(self._surface, actual, bits, Stream(*self._key, sensor))


def scene(seed: int, index: int, size: int | tuple[int, int] = 256, view: str = "aerial") -> Scene:
    """The scene number ``index`` of ``seed``: the same bits in every process, on every machine.

    ``size``: height and width in pixels, or one number for both. ``view``: ``aerial`` (an orthophoto) or ``street``.
    """
    if view not in LAYOUTS:
        raise SpectraError(
            f"No view of the scenes is named {view!r}.{did_you_mean(view, VIEWS)} Views: {', '.join(VIEWS)}."
        )
    for name, number in (("seed", seed), ("index", index)):
        if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 0:
            raise SpectraError(f"The {name} of a scene is a whole number from 0 up, not {number!r}.")
    return Scene(int(seed), int(index), _shape(size), view)


def _shape(size: int | tuple[int, int]) -> tuple[int, int]:
    sides = tuple(size) if isinstance(size, tuple | list) else (size, size)
    if len(sides) != 2 or not all(isinstance(side, int | np.integer) and side >= SMALLEST for side in sides):
        raise SpectraError(
            f"A scene has at least {SMALLEST} pixels a side (one number, or height and width), not {size!r}."
        )
    return int(sides[0]), int(sides[1])
