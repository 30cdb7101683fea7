"""False colours for images of one channel: one scale from dark violet over teal to yellow.

The grey of each colour is the value itself: the map looks even to the eye, survives a black and white printer, and a
page can turn it back into grey with a filter, without a second picture.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from spectra.data.preview import Image

LEVELS = 256
DARKEST, BRIGHTEST = 0.09, 0.91
"""The grey of the first and of the last colour, as far from a half: contrast alone gives the value back."""
ANCHORS = (
    (0.00, 302.0, 0.110),
    (0.25, 262.0, 0.105),
    (0.50, 200.0, 0.085),
    (0.75, 150.0, 0.150),
    (1.00, 104.0, 0.165),
)
"""Where on the scale, and there the hue in degrees and the chroma, in OKLCH."""
_TO_CONES = (
    (1.0, 0.3963377774, 0.2158037573),
    (1.0, -0.1055613458, -0.0638541728),
    (1.0, -0.0894841775, -1.2914855480),
)
_TO_LINEAR = (
    (4.0767416621, -3.3077115913, 0.2309699292),
    (-1.2684380046, 2.6097574011, -0.3413193965),
    (-0.0041960863, -0.7034186147, 1.7076147010),
)
"""From OKLab to linear sRGB, as Ottosson published them in 2020."""
_LUMA = (0.2126, 0.7152, 0.0722)


@cache
def colours() -> Image:
    """``(256, 3)``: the colours from the lowest to the highest value."""
    place = np.linspace(0.0, 1.0, LEVELS)
    at = [anchor[0] for anchor in ANCHORS]
    hue, chroma = (np.interp(place, at, [anchor[part] for anchor in ANCHORS]) for part in (1, 2))
    wanted = DARKEST + (BRIGHTEST - DARKEST) * place
    low, high = np.zeros(LEVELS), np.ones(LEVELS)
    for _ in range(40):
        middle = (low + high) / 2
        darker = _coded(middle, chroma, hue) @ np.array(_LUMA) < wanted
        low, high = np.where(darker, middle, low), np.where(darker, high, middle)
    found: Image = (_coded(high, chroma, hue) * 255).round().astype(np.uint8)
    return found


def coloured(levels: NDArray[np.uint8]) -> Image:
    """An ``(h, w)`` picture of 256 levels in false colours."""
    return colours()[levels]


def css_gradient(steps: int = 12) -> str:
    """The colours as CSS writes them, for a legend."""
    found = colours()[np.linspace(0, LEVELS - 1, steps).round().astype(int)]
    return ", ".join(f"rgb({red}, {green}, {blue})" for red, green, blue in found.tolist())


def _coded(
    lightness: NDArray[np.float64], chroma: NDArray[np.float64], hue: NDArray[np.float64]
) -> NDArray[np.float64]:
    """OKLCH as sRGB, cut to what a screen can show."""
    angle = np.deg2rad(hue)
    cones = np.stack([lightness, chroma * np.cos(angle), chroma * np.sin(angle)], axis=-1) @ np.array(_TO_CONES).T
    linear = (cones**3 @ np.array(_TO_LINEAR).T).clip(0, 1)
    shown: NDArray[np.float64] = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return shown
