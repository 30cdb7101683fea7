"""Metrics of a whole set of images, by what a network sees of predictions and of targets."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Hashable
from typing import ClassVar, Self

import numpy as np

from spectra.errors import SpectraError
from spectra.metric import Better, Metric, Score, Scored
from spectra.metrics.bands import Bands, three_bands, told_bands
from spectra.metrics.distribution.moments import Row
from spectra.metrics.distribution.passes import TOGETHER, Features, Passes
from spectra.metrics.masked import check_shapes
from spectra.metrics.per_image import NotScored
from spectra.settings import Config

NO_INTERVAL = "no interval: that of a score of a whole set comes from several seeds"


class NotHere(SpectraError):
    """The network of a metric cannot be had; the message says why, and what to do."""


class WholeSet(Metric):
    """Write ``passes``, ``take`` and ``value``. Images are shown to the network some at a time, those of predictions
    and targets together, and of a target once for all methods and metrics."""

    better: ClassVar[Better] = "lower"

    def __init__(self, settings: Config) -> None:
        super().__init__(settings)
        self.device = "cpu"
        self.n = 0
        self.counts: set[int] = set()
        """How many bands the images had."""
        self.left_out: Counter[str] = Counter()
        self.not_here = ""
        self._waiting: list[tuple[str, Features, Features]] = []
        self._found: tuple[int, float] | None = None
        """The value, and of how many images it is: it can take seconds."""

    def to(self, device: str) -> Self:
        self.device = device
        return self

    @property
    @abstractmethod
    def network(self) -> Hashable:
        """All that decides what the features of three bands are, beside the device."""

    @abstractmethod
    def passes(self) -> Passes:
        """The network, one for the process; raise ``NotHere`` where it cannot be had."""

    @abstractmethod
    def take(self, name: str, prediction: Row, target: Row) -> None:
        """The features of one image."""

    @abstractmethod
    def value(self) -> float:
        """The distance of all predictions from all targets; raise ``NotScored`` where there is none."""

    def doubts(self) -> list[str]:
        """What must be said of a value."""
        return []

    def update(self, item: Scored) -> None:
        if self.not_here:
            return
        try:
            self._waiting.append((item.name, *self._features(item)))
        except NotScored as why:
            self.left_out[str(why)] += 1
        except NotHere as why:
            self.not_here = str(why)
        if len(self._waiting) >= TOGETHER:
            self.settle()

    def merge(self, other: Self) -> None:
        self.settle()
        other.settle()
        self.n += other.n
        self.counts |= other.counts
        self.left_out.update(other.left_out)
        self.not_here = self.not_here or other.not_here

    def result(self) -> Score:
        self.settle()
        if self.not_here:
            return self._unscored(f"not scored: {self.not_here}")
        if self.n < 2:
            reason = "a spread needs two images, and there is one" if self.n else "no image was scored"
            return self._unscored("; ".join([reason, *self._omissions()]))
        try:
            value = self._value()
        except NotScored as why:
            return self._unscored(str(why))
        reason = "; ".join([*self.doubts(), NO_INTERVAL, *self._omissions()])
        return Score(value, None, None, self.n, self.unit, self.better, self.signature, reason)

    def settle(self) -> None:
        """Take in the images that wait for their features."""
        waiting, self._waiting = self._waiting, []
        for name, of_prediction, of_target in waiting:
            prediction, target = of_prediction.row(), of_target.row()
            if np.isfinite(prediction).all() and np.isfinite(target).all():
                self.n += 1
                self.take(name, prediction, target)
            else:
                self.left_out["its features are not finite"] += 1

    @property
    def bands(self) -> Bands | None:
        found: Bands | None = self.settings.bands
        return found

    def told_bands(self) -> str:
        """For the signature."""
        return told_bands(self.bands, self.counts)

    def _features(self, item: Scored) -> tuple[Features, Features]:
        check_shapes(item)
        if item.valid is not None and not item.valid.any():
            raise NotScored("no valid pixel")
        three_bands(item.target, self.bands)  # before the network: of what it cannot see, none is needed
        passes, key = self.passes(), (self.network, self.bands, self.device)
        filled = item.filled()
        target = item.memory.once(("target", key), lambda: passes.of(three_bands(filled.target, self.bands)))
        prediction = item.own.once(("prediction", key), lambda: passes.of(three_bands(filled.prediction, self.bands)))
        self.counts.add(len(item.target))
        return prediction, target

    def _value(self) -> float:
        if self._found is None or self._found[0] != self.n:
            self._found = self.n, self.value()
        return self._found[1]

    def _unscored(self, reason: str) -> Score:
        return Score(None, None, None, 0, self.unit, self.better, self.signature, reason)

    def _omissions(self) -> list[str]:
        """What was left out, and why."""
        counts = sorted(self.left_out.items())
        return [f"{count} image{'s' if count > 1 else ''} left out: {reason}" for reason, count in counts]
