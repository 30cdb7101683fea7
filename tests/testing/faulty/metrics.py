"""Metrics with one fault each."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, ClassVar, Literal

import torch

from spectra import Metric, PerImage, Score, Scored, SpectraError


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


class SoundSet(Metric):
    """No fault: it speaks only for sets, the root of the mean square of all pixels."""

    api_version = 1
    better: ClassVar[Literal["higher", "lower"]] = "lower"
    summary = "sound"
    unit = ""
    signature = "set|v1"

    def __init__(self, settings: Any) -> None:
        super().__init__(settings)
        self.squares, self.pixels, self.images = 0.0, 0, 0

    def update(self, item: Scored) -> None:
        error = (item.prediction - item.target).double()
        error = error if item.valid is None else error[:, item.valid]
        self.squares += float(error.square().sum())
        self.pixels += error.numel()
        self.images += 1

    def merge(self, other: Any) -> None:
        self.squares += other.squares
        self.pixels += other.pixels
        self.images += other.images

    def result(self) -> Score:
        value = math.sqrt(self.squares / self.pixels) if self.pixels else None
        return Score(value, None, None, self.images, self.unit, self.better, self.signature, "of the whole set")


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


class SaysWhatItSaw(SoundMetric):
    """No fault: with the first image it knows which of the two it is."""

    @property
    def signature(self) -> str:
        return f"sound|images:{'seen' if self.values else 'seen+unseen'}|v1"


class LosesItsName(SoundMetric):
    @property
    def signature(self) -> str:
        return f"{'seen' if self.values else 'sound'}|v1"


class LosesAPart(SoundMetric):
    @property
    def signature(self) -> str:
        return "sound|v1" if self.values else "sound|images:unseen|v1"


class SignedByAnother(SoundMetric):
    def result(self) -> Any:
        return replace(super().result(), signature="another|v1")


class SignedByChance(SoundMetric):
    @property
    def signature(self) -> str:
        return f"sound|{id(self) if self.values else 0}"


class ForgetsWhatTheOtherSaw(SoundSet):
    """Its numbers are merged, but not what its signature says."""

    seen = "nothing"

    @property
    def signature(self) -> str:  # type: ignore[override]
        return f"set|seen:{self.seen}|v1"

    def update(self, item: Scored) -> None:
        super().update(item)
        self.seen = "images"


class LacksALamp(SoundSet):
    """No fault: it says what is not here, beside what `needs` names."""

    def result(self) -> Score:
        return Score(None, None, None, 0, self.unit, self.better, self.signature, "not scored: needs a lamp")


class LacksAWord(SoundSet):
    """That something is missing it does not say in the words that are agreed upon."""

    def result(self) -> Score:
        return Score(None, None, None, 0, self.unit, self.better, self.signature, "it is too dark")


class MakesNaNOfNothing(SoundMetric):
    def result(self) -> Any:
        found = super().result()
        return found if found.n else replace(found, value=math.nan, low=math.nan, high=math.nan)


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


class NeedsAName(SoundMetric):
    @classmethod
    def needs(cls, settings: Any) -> Any:
        return "vgg19"


class LoadsAtOnce(SoundMetric):
    """Its weights must be here before it says what it is."""

    def __init__(self, settings: Any) -> None:
        raise SpectraError("the weights 'vgg19' are missing")


class CountsTwice(SoundMetric):
    def result(self) -> Any:
        found = super().result()
        return replace(found, n=2 * found.n)


class ForgetsToMerge(SoundMetric):
    def merge(self, other: Any) -> None:
        pass


class RobsTheOther(SoundMetric):
    def merge(self, other: Any) -> None:
        super().merge(other)
        del other.values[:], other.groups[:]


class RemembersThePrediction(SoundMetric):
    def score(self, item: Scored) -> float:
        error = super().score
        return item.memory.once("error", lambda: error(item))


class SetOfOne(SoundSet):
    def result(self) -> Score:
        return replace(super().result(), n=1)


class AddsTheMeans(SoundSet):
    """The mean of two means is not that of all."""

    def merge(self, other: Any) -> None:
        self.squares = (self.squares / max(self.pixels, 1) + other.squares / max(other.pixels, 1)) / 2
        self.images += other.images
        self.pixels = 1
