"""Grayscale redefinition (PBVS 2024): the mean difference from black, times an intensity factor, clipped."""

from __future__ import annotations

from spectra_graydef.settings import Settings
from spectra_graydef.translator import GrayDefinition

__all__ = ["GrayDefinition", "Settings"]
