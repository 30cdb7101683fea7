"""What the experiment found, as data: scores of every seed, their means, and differences between arms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

import numpy as np

from spectra_detect.arms import GROWN, REAL, SOURCE, Arm
from spectra_detect.bootstrap import Draws, drawn_times, interval, over_seeds, redrawn, subtracted
from spectra_detect.detections import Detection
from spectra_detect.images import LabelledImages
from spectra_detect.scoring import Scores, score, truth_of
from spectra_detect.settings import EvaluationSettings

COMPARED = ((REAL, SOURCE), (GROWN, SOURCE), (GROWN, REAL))


@dataclass(frozen=True)
class Judged:
    """One arm with one seed."""

    scores: Scores
    draws: Draws

    @property
    def values(self) -> dict[str, float | None]:
        """All scores by name."""
        return {**self.scores.values, **{f"class:{name}": value for name, value in self.scores.classes.items()}}


class Judge:
    """Holds the draws, so that all arms and seeds are judged on the same ones."""

    def __init__(self, images: LabelledImages, settings: EvaluationSettings) -> None:
        self.images, self.settings = images, settings
        self.truth = truth_of(images)
        self.times = drawn_times(images.groups, settings.resamples)

    def judged(self, detections: Sequence[Detection]) -> Judged:
        scores = score(self.truth, detections)
        return Judged(scores, redrawn(scores.matches, list(scores.classes), self.times))

    def of_arm(self, found: Sequence[Judged]) -> dict[str, Any]:
        """By name of the score: each seed with its interval, the mean with its own, and the spread."""
        return {name: self._summary([(one.values[name], one.draws) for one in found], name) for name in found[0].values}

    def differences(self, found: dict[Arm, list[Judged]]) -> dict[str, Any]:
        """Pairs of arms on the same images, with the same seed and in the same draws."""
        return {f"{one.name} - {other.name}": self._difference(found[one], found[other]) for one, other in COMPARED}

    def _difference(self, ones: Sequence[Judged], others: Sequence[Judged]) -> dict[str, Any]:
        rows = [(one, other, subtracted(one.draws, other.draws)) for one, other in zip(ones, others, strict=True)]
        return {
            name: self._summary(
                [(_minus(one.values[name], other.values[name]), draws) for one, other, draws in rows], name
            )
            for name in ones[0].values
        }

    def _summary(self, found: Sequence[tuple[float | None, Draws]], name: str) -> dict[str, Any]:
        values = [value for value, _ in found]
        draws = [drawn for _, drawn in found]
        there = [value for value in values if value is not None]
        if len(there) < len(values):
            return {"mean": None, "seeds": [{"value": value, "interval": None} for value in values]}
        mean = np.mean([one[name] for one in draws], axis=0)
        return {
            "mean": fmean(there),
            "interval": interval(mean, self.settings.confidence),
            "interval_with_seeds": interval(over_seeds(draws, name), self.settings.confidence),
            "spread": stdev(there) if len(there) > 1 else None,
            "seeds": [
                {"value": value, "interval": interval(one[name], self.settings.confidence)}
                for value, one in zip(there, draws, strict=True)
            ],
        }


def _minus(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def counted(images: LabelledImages) -> dict[str, Any]:
    """How much there is to find."""
    found: dict[str, int] = {}
    for number, name in enumerate(images.classes, 1):
        found[name] = sum(int(((one.classes == number) & ~one.ignored).sum()) for one in images.found)
    ignored = sum(int(one.ignored.sum()) for one in images.found)
    return {"images": len(images), "scenes": len(set(images.groups)), "boxes": found, "ignored": ignored}
