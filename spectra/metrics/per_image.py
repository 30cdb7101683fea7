"""A metric that is the mean of its images' scores."""

from __future__ import annotations

import math
from abc import abstractmethod
from array import array
from collections import Counter
from typing import Self

from spectra.metric import Metric, Score, Scored
from spectra.metrics.intervals import bootstrap_interval, doubt
from spectra.settings import Config


class NotScored(Exception):
    """Raised by ``score`` for an image that has none; the reason completes "2 images left out: ..."."""


class PerImage(Metric):
    """Write ``score``; the mean and its bootstrap interval come by themselves: over groups of images that belong
    together, such as frames of one sequence."""

    def __init__(self, settings: Config) -> None:
        super().__init__(settings)
        self.values = array("d")
        self.groups: list[str] = []
        self.left_out: Counter[str] = Counter()

    @abstractmethod
    def score(self, item: Scored) -> float:
        """The score of one image; raise ``NotScored`` where it has none."""

    def update(self, item: Scored) -> float | None:
        try:
            value = self.score(item)
            if not math.isfinite(value):
                raise NotScored("the score is not finite")
        except NotScored as why:
            self.left_out[str(why)] += 1
            return None
        self.values.append(value)
        self.groups.append(item.group or item.name)
        return value

    def merge(self, other: Self) -> None:
        self.values.extend(other.values)
        self.groups.extend(other.groups)
        self.left_out.update(other.left_out)

    def result(self) -> Score:
        n = len(self.values)
        if not n:
            return self.unscored(self.omissions or "no image was scored")
        low, high = bootstrap_interval(self.values, self.groups)
        mean = math.fsum(self.values) / n
        said = "; ".join(part for part in (self.omissions, doubt(self.groups)) if part)
        return Score(mean, low, high, n, self.unit, self.better, self.signature, said)

    def unscored(self, reason: str) -> Score:
        return Score(None, None, None, 0, self.unit, self.better, self.signature, reason)

    @property
    def omissions(self) -> str:
        """What was left out of the mean, and why; empty where nothing was."""
        counts = sorted(self.left_out.items())
        return "; ".join(f"{count} image{'s' if count > 1 else ''} left out: {reason}" for reason, count in counts)
