"""Kernel Inception distance."""

from __future__ import annotations

import math
from typing import ClassVar, Self

import numpy as np
from pydantic import Field

from spectra.metrics.bands import BANDS, Bands
from spectra.metrics.distribution.inception import WIDTHS, OfInception, told_inception
from spectra.metrics.distribution.kernel import mmd2
from spectra.metrics.distribution.moments import Row
from spectra.metrics.distribution.reservoir import Reservoir
from spectra.metrics.per_image import NotScored
from spectra.nn.inception import Width
from spectra.settings import Config


class Kid(OfInception):
    """KID of Bińkowski et al. 2018: unbiased, so sets of unlike size can be compared, and slightly below 0 by chance.

    One estimate over all pairs of images. With ``subsets: 100`` it is the mean over so many random subsets, as
    torch-fidelity and torchmetrics have it: the same number on the average, with more noise.
    """

    api_version = 1

    class Settings(Config):
        features: Width = Field(2048, description=WIDTHS)
        subsets: int = Field(0, ge=0, description="the mean of so many random subsets; 0: one estimate over all images")
        subset_size: int = Field(1000, ge=2, description="how many images a subset has")
        reservoir: int = Field(10_000, ge=2, le=10_000, description="how many images are kept; of more, a sample")
        seed: int = Field(2020, ge=0, lt=2**32, description="of the sample and the subsets; torch-fidelity's is 2020")
        bands: Bands | None = Field(None, description=BANDS)

    summary: ClassVar[str] = "kernel Inception distance of all images, unbiased for few of them too"

    def __init__(self, settings: Config) -> None:
        super().__init__(settings)
        self.reservoir = Reservoir(self.settings.reservoir, self.settings.seed)

    @property
    def signature(self) -> str:
        said = self.settings
        return (
            f"kid|{told_inception(said.features)}|{self.told_bands()}|masked:filled-with-target-mean"
            f"|kernel:(xy/d+1)^3|estimate:{self._estimate()}|reservoir:{said.reservoir}-by-hash-of-name,seed{said.seed}|v1"
        )

    def take(self, name: str, prediction: Row, target: Row) -> None:
        self.reservoir.add(name, prediction, target)

    def merge(self, other: Self) -> None:
        super().merge(other)
        self.reservoir.merge(other.reservoir)

    def value(self) -> float:
        predictions, targets = self.reservoir.content()
        count, size, n = self.settings.subsets, self.settings.subset_size, len(targets)
        if not count:
            return mmd2(predictions, targets)
        if size > n:
            raise NotScored(f"subsets of {size} images cannot be drawn from {n}: set `subset_size`, or `subsets: 0`")
        random = np.random.RandomState(self.settings.seed)  # the generator of torch-fidelity, for the same subsets
        values = []
        for _ in range(count):
            drawn = [random.choice(n, size, replace=False) for _ in range(2)]
            values.append(mmd2([predictions[at] for at in drawn[0]], [targets[at] for at in drawn[1]]))
        return math.fsum(values) / len(values)

    def doubts(self) -> list[str]:
        limit = self.settings.reservoir
        return [f"of a sample of {limit} of {self.n} images"] if self.n > limit else []

    def _estimate(self) -> str:
        if not self.settings.subsets:
            return "unbiased,all-pairs"
        return f"unbiased,mean-of-{self.settings.subsets}-subsets-of-{self.settings.subset_size}"
