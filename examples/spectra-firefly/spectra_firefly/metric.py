"""The metrics: numbers to judge by, with every choice behind them in their signatures."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

import torch
from spectra import Config, Metric, PerImage, Score, Scored

LEVELS = 256


class Bias(PerImage):
    """How far the mean of the prediction is from the mean of the target. Spectra averages over the images."""

    api_version = 1
    better: ClassVar[Literal["higher", "lower"]] = "lower"
    summary = "distance of the mean brightness from the target's, in percent of the scale"

    @property
    def unit(self) -> str:
        return "%"

    @property
    def signature(self) -> str:
        return "firefly_bias|range:unit|error:absolute|masked:pixels-skipped|mean:images|v1"

    def score(self, item: Scored) -> float:
        error = item.prediction.double() - item.target.double()
        if item.valid is not None:
            error = error[:, item.valid]
        return 100 * abs(error.mean().item())


class Tones(Metric):
    """How unlike the tones of all predictions are to those of all targets, wherever in the images they are.

    It speaks for the whole set: `update` gives an image no score, and only what is needed of it is kept.
    """

    api_version = 1
    better: ClassVar[Literal["higher", "lower"]] = "lower"
    summary = "distance of the tones of all predictions from those of all targets, in percent of the scale"

    def __init__(self, settings: Config) -> None:
        super().__init__(settings)
        self.images, self.values = 0, 0
        self.surplus = torch.zeros(LEVELS, dtype=torch.int64)
        """Of each tone: how much more often it is in the predictions than in the targets."""

    @property
    def unit(self) -> str:
        return "%"

    @property
    def signature(self) -> str:
        return f"firefly_tones|levels:{LEVELS}|bands:pooled|masked:skipped|set:all|v1"

    def update(self, item: Scored) -> None:
        prediction, target = item.prediction, item.target
        if item.valid is not None:
            prediction, target = prediction[:, item.valid], target[:, item.valid]
        if not target.numel():
            return
        self.surplus += tones(prediction) - tones(target)
        self.values += target.numel()
        self.images += 1

    def merge(self, other: Self) -> None:
        """As if the images of the other had been fed here; the other stays as it is."""
        self.surplus += other.surplus
        self.values += other.values
        self.images += other.images

    def result(self) -> Score:
        value, reason = None, "no image with a valid pixel"
        if self.values:
            moved = int(self.surplus.cumsum(0).abs().sum())
            value = 100 * moved / (self.values * (LEVELS - 1))
            reason = "no interval: the score is one of the whole set"
        return Score(
            value=value,
            low=None,
            high=None,
            n=self.images,
            unit=self.unit,
            better=self.better,
            signature=self.signature,
            reason=reason,
        )


def tones(image: torch.Tensor) -> torch.Tensor:
    """How often each tone is there."""
    levels = (image.clamp(0, 1) * (LEVELS - 1)).round().long()
    return torch.bincount(levels.flatten(), minlength=LEVELS)
