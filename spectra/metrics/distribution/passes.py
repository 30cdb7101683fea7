"""The features of images, several in one pass through a network: a pass of one is slower per image."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from spectra.metrics.deep import exactly
from spectra.metrics.distribution.moments import Row

TOGETHER = 8
"""How many images wait for each other at most: their inputs are held until then."""


class Features:
    """Those of one image: computed with others when enough wait, or when their ``row`` is asked for."""

    def __init__(self, passes: Passes, image: Tensor) -> None:
        self.passes, self.image = passes, image
        self._row: Row | None = None

    def row(self) -> Row:
        """``(width,)``, on the CPU."""
        if self._row is None:
            self.passes.run(self)
        assert self._row is not None
        return self._row

    def become(self, row: Row) -> None:
        """The image is let go."""
        self._row, self.image = row, torch.empty(0)


class Passes:
    """One network on one device, for all metrics and methods of the process that look through it.

    ``prepare`` makes of a ``(3, h, w)`` image of the unit interval what the network sees, of one size for all images;
    ``network`` makes ``(n, width)`` of n of these.
    """

    def __init__(self, network: Callable[[Tensor], Tensor], prepare: Callable[[Tensor], Tensor], device: str) -> None:
        self.network, self.prepare, self.device = network, prepare, device
        self.waiting: list[Features] = []

    def of(self, image: Tensor) -> Features:
        with exactly():
            features = Features(self, self.prepare(image.to(self.device)))
        self.waiting.append(features)
        if len(self.waiting) >= TOGETHER:
            self.run(features)
        return features

    def run(self, wanted: Features) -> None:
        """All that wait, and ``wanted`` in any case: a pass that failed has taken it out of those that wait."""
        together, self.waiting = list(dict.fromkeys([*self.waiting, wanted])), []
        with exactly():
            rows = self.network(torch.stack([features.image for features in together]))
        for features, row in zip(together, rows.float().cpu().numpy(), strict=True):
            features.become(np.array(row))  # a copy: a view would keep all rows of the pass
