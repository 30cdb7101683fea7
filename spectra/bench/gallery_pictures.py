"""Images as a gallery shows them, and what their colours stand for."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from spectra.bench.gallery_colours import coloured
from spectra.bench.samples import WORST_SHOWN, heat
from spectra.data.pairs import Picture
from spectra.data.preview import Image, fitted, shown, stretch

LONGEST = 1024
"""Pixels of a picture, the longer side."""
NO_DATA = (128, 128, 128)


@dataclass(frozen=True)
class Look:
    """How a modality is shown: the values of the first and of the last colour, in its unit."""

    colour: Literal["rgb", "false"]
    bands: str
    """Which bands are shown, where that is not all of them."""
    low: float
    high: float
    unit: str
    no_data: bool = False
    """Whether some pixels hold no data, and are grey."""

    def said(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Stretch:
    """What is drawn as the first and as the last colour, in the unit interval; of a target and all its predictions."""

    low: float
    high: float

    @classmethod
    def of(cls, picture: Picture) -> Stretch:
        return cls(*stretch(picture.pixels, picture.dtype))

    def look(self, picture: Picture, valid: Tensor | None) -> Look:
        channels = len(picture.pixels)
        start = picture.scale.limits[0]
        low, high = (start + end * picture.scale.span for end in (self.low, self.high))
        colour: Literal["rgb", "false"] = "rgb" if channels >= 3 else "false"
        return Look(colour, bands_shown(channels), low, high, picture.scale.unit, valid is not None)

    def draw(self, pixels: Tensor, valid: Tensor | None = None) -> Image:
        """``(c, h, w)`` of the unit interval as a picture of at most `LONGEST` pixels a side."""
        levels = shown(pixels, self.low, self.high)
        return fitted(_marked(levels if len(pixels) >= 3 else coloured(levels[..., 0]), valid), LONGEST)


def bands_shown(channels: int) -> str:
    """Nothing to say of one band and of three."""
    return {1: "", 2: "band 1 of 2", 3: ""}.get(channels, f"bands 1, 2 and 3 of {channels}")


def error_map(prediction: Tensor, target: Picture, valid: Tensor | None) -> Image:
    """The mean over the bands of the absolute error, from black for none to pale yellow."""
    error = (prediction - target.pixels).abs().mean(0)
    return fitted(_marked(heat(error), valid), LONGEST)


def error_look(target: Picture, valid: Tensor | None) -> Look:
    bands = "" if len(target.pixels) == 1 else f"mean of {len(target.pixels)} bands"
    return Look("false", bands, 0.0, WORST_SHOWN * target.scale.span, target.scale.unit, valid is not None)


def _marked(image: Image, valid: Tensor | None) -> Image:
    """Grey where there is no data."""
    if valid is None:
        return image
    marked: Image = np.where(valid.to(torch.bool).numpy()[..., None], image, np.array(NO_DATA, np.uint8))
    return marked
