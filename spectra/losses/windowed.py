"""The settings that losses of sliding windows share, and what they ask of an image."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator
from torch import Tensor

from spectra.errors import SpectraError
from spectra.settings import Config

Padding = Literal["valid", "reflect"]


def odd(window: int) -> int:
    if window % 2 == 0:
        raise ValueError(f"the window has a central pixel, so its side is odd, not {window}")
    return window


class WindowSettings(Config):
    window: int = Field(11, ge=3, description="side of the window in pixels, odd")
    sigma: float = Field(1.5, gt=0, description="standard deviation of the Gaussian, in pixels")

    _odd = field_validator("window")(odd)


def check_side(image: Tensor, least: int, loss: str, remedy: str) -> None:
    """Both sides have at least that many pixels."""
    height, width = image.shape[-2:]
    if min(height, width) < least:
        raise SpectraError(f"The loss {loss!r} needs sides of {least} pixels, not {height}×{width}: {remedy}.")
