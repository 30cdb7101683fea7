"""Sliced Wasserstein distance."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import ClassVar, Self

import numpy as np
from pydantic import Field
from torch import Tensor

from spectra.errors import SpectraError
from spectra.metric import Better, Metric, Score, Scored
from spectra.metrics.distribution.whole_set import NO_INTERVAL
from spectra.metrics.laplacian import COARSEST, levels_of, pyramid
from spectra.metrics.laplacian_distance import Normalise, sliced_distance
from spectra.metrics.laplacian_patches import Drawn, draw
from spectra.metrics.laplacian_reservoir import Reservoir
from spectra.metrics.masked import check_shapes
from spectra.metrics.per_image import NotScored
from spectra.settings import Config


class Swd(Metric):
    """The distance between patches of the predictions and patches of the targets, per octave of size, after Karras et
    al. 2018. It needs no weights and takes any number of bands."""

    api_version = 1
    better: ClassVar[Better] = "lower"

    class Settings(Config):
        patches: int = Field(128, gt=0, le=4096, description="patches drawn in each level of each image")
        side: int = Field(7, ge=1, le=COARSEST, description="side of a patch in pixels")
        directions: int = Field(512, gt=0, le=65536, description="random directions that patches are projected on")
        kept: int = Field(
            16384, gt=0, le=1 << 20, description="patches of a level held at most, of all images together"
        )
        normalise: Normalise = Field(
            "each",
            description="mean 0 and standard deviation 1 per channel: `each` set by its own, which is blind to "
            "brightness and contrast; both by the `target`'s, which is not; or `none`",
        )
        seed: int = Field(0, ge=0, lt=1 << 32, description="of the places of patches and of the directions")

    summary: ClassVar[str] = "sliced Wasserstein distance over patches of a Laplacian pyramid, times 1000"

    def __init__(self, settings: Config) -> None:
        super().__init__(settings)
        self.levels: dict[int, Reservoir] = {}
        self.images, self.channels = 0, 0
        self.left_out: Counter[str] = Counter()
        self._known: dict[int, float] = {}

    @property
    def signature(self) -> str:
        said = self.settings
        return (
            f"swd|pyramid:laplacian-14641|down-to:{COARSEST}|patches:{said.patches}x{said.side}x{said.side}|places:hashed"
            f"|kept:{said.kept}-a-level|directions:{said.directions}|normalise:{said.normalise}|seed:{said.seed}"
            "|levels:mean|times:1000|range:unit|masked:patches-skipped|v1"
        )

    def update(self, item: Scored) -> None:
        check_shapes(item)
        self._check_channels(item)
        try:
            self._take(item)
        except NotScored as why:
            self.left_out[str(why)] += 1

    def merge(self, other: Self) -> None:
        if other.channels and self.channels and other.channels != self.channels:
            raise SpectraError(f"swd: images of {self.channels} and of {other.channels} bands cannot be one set.")
        self.channels = self.channels or other.channels
        self.images += other.images
        self.left_out.update(other.left_out)
        for level, held in other.levels.items():
            self._reservoir(level).merge(held)
        self._known.clear()

    def result(self) -> Score:
        distances = self._distances()
        if not distances:
            return self._score(None, 0, self._omissions() or "no image was scored")
        mean = math.fsum(distances.values()) / len(distances)
        return self._score(mean, self.images, "; ".join(filter(None, [NO_INTERVAL, *self._gaps(), self._omissions()])))

    def parts(self) -> Mapping[str, Score]:
        """One for each level: ``16``, ``32`` and so on."""
        return {
            str(level): self._score(distance, self.levels[level].images, NO_INTERVAL)
            for level, distance in self._distances().items()
        }

    def _take(self, item: Scored) -> None:
        if not levels_of(*item.target.shape[-2:]):
            raise NotScored(f"smaller than {COARSEST}×{COARSEST} pixels")
        valid, item = item.valid, item.filled()
        drawn = self._drawn(item, valid)
        if not drawn.places:
            raise NotScored(f"no patch of {self.settings.side}×{self.settings.side} pixels that all have data")
        levels = pyramid(item.prediction.double())
        cut = {level: places.cut(levels[level], self.settings.side) for level, places in drawn.places.items()}
        if not all(np.isfinite(patches).all() for patches in (*cut.values(), *drawn.descriptors.values())):
            raise NotScored("values that are not finite")
        for level, patches in cut.items():
            self._reservoir(level).add(drawn.places[level].keys, patches, drawn.descriptors[level])
        self.images += 1
        self._known.clear()

    def _drawn(self, item: Scored, valid: Tensor | None) -> Drawn:
        said = self.settings
        identity = f"{said.seed}|{item.name}|{item.group}"
        return item.memory.once(
            ("swd", said.seed, said.patches, said.side),
            lambda: draw(item.target, valid, identity, said.patches, said.side),
        )

    def _reservoir(self, level: int) -> Reservoir:
        return self.levels.setdefault(level, Reservoir(self.settings.kept))

    def _check_channels(self, item: Scored) -> None:
        channels = item.target.shape[0]
        if self.channels and channels != self.channels:
            raise SpectraError(
                f"{item.name}: {channels} bands, where the images before it have {self.channels}: patches of both "
                "cannot be one set."
            )
        self.channels = channels

    def _distances(self) -> dict[int, float]:
        """Of the levels that any image had, coarsest first; computed once for what has been seen."""
        if not self._known:
            for level in sorted(self.levels):
                self._known[level] = 1000 * self._distance(level)
        return self._known

    def _distance(self, level: int) -> float:
        said = self.settings
        prediction, target = self.levels[level].content()
        seed = (said.seed, level)
        return sliced_distance(prediction, target, self.channels, said.directions, seed, said.normalise)

    def _gaps(self) -> list[str]:
        """Levels that not every image had."""
        few = {level: held.images for level, held in sorted(self.levels.items()) if held.images < self.images}
        return [f"level {level}: {images} of {self.images} images" for level, images in few.items()]

    def _omissions(self) -> str:
        counts = sorted(self.left_out.items())
        return "; ".join(f"{count} image{'s' if count > 1 else ''} left out: {why}" for why, count in counts)

    def _score(self, value: float | None, n: int, reason: str) -> Score:
        return Score(value, None, None, n, self.unit, self.better, self.signature, reason)
