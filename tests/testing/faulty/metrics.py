"""Metrics with one fault each."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, ClassVar, Literal

import torch

from spectra import PerImage, Scored


class SoundMetric(PerImage):
    api_version = 1
    better: ClassVar[Literal["higher", "lower"]] = "lower"
    summary = "sound"

    @property
    def unit(self) -> str:
        return ""

    @property
    def signature(self) -> str:
        return "sound|v1"

    def score(self, item: Scored) -> float:
        error = (item.prediction - item.target).abs().double()
        return float((error if item.valid is None else error[:, item.valid]).mean())


class IgnoresTheMask(SoundMetric):
    def score(self, item: Scored) -> float:
        return float((item.prediction - item.target).abs().nanmean())


class MultipliesTheMask(SoundMetric):
    """Zero times NaN is NaN."""

    def score(self, item: Scored) -> float:
        valid = torch.ones_like(item.target[0]) if item.valid is None else item.valid
        return float(((item.prediction - item.target).abs() * valid).mean())


class ChangesWhatItIsFed(SoundMetric):
    def score(self, item: Scored) -> float:
        item.prediction.sub_(item.target).abs_()
        return float((item.prediction if item.valid is None else item.prediction[:, item.valid]).mean())


class CountsTheFirstTwice(SoundMetric):
    def score(self, item: Scored) -> float:
        return super().score(item) * (1 if self.values else 2)


class WrongWay(SoundMetric):
    better = "higher"


class Unsigned(SoundMetric):
    signature = ""


class CountsInItsSignature(SoundMetric):
    @property
    def signature(self) -> str:
        return f"sound|images:{len(self.values)}"


class ScoresNothing(SoundMetric):
    def result(self) -> Any:
        found = super().result()
        return found if found.n else replace(found, value=0.0, reason="")


class OtherUnit(SoundMetric):
    def result(self) -> Any:
        return replace(super().result(), unit="DN")


class OutsideItsInterval(SoundMetric):
    def result(self) -> Any:
        found = super().result()
        return found if found.value is None else replace(found, value=found.value + 1)


class ScoresInfinity(SoundMetric):
    def score(self, item: Scored) -> float:
        return math.inf
