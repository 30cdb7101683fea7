"""The source's negative."""

from __future__ import annotations

from torch import Tensor

from spectra_floors.copy import Copy


class Inverse(Copy):
    """1 − copy."""

    summary = "floor: 1 − copy, the source's negative"

    def forward(self, source: Tensor) -> Tensor:
        return 1 - super().forward(source)
