"""The metric: a number to judge by, with every choice behind it in its signature."""

from __future__ import annotations

from typing import ClassVar, Literal

from spectra import PerImage, Scored


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
