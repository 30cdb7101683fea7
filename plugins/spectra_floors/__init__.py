"""What every method must beat: a copy, its inverse, a constant, and a linear map of each pixel."""

from __future__ import annotations

from spectra_floors.constant import Constant
from spectra_floors.copy import Copy
from spectra_floors.inverse import Inverse
from spectra_floors.linear import Linear

__all__ = ["Constant", "Copy", "Inverse", "Linear"]
