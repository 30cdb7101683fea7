"""The angular error of the evaluator that the VCIP 2020 papers share."""

from __future__ import annotations

import math
from typing import ClassVar

from torch import Tensor

from spectra.metric import Better, Scored
from spectra.metrics.angle import mean_over_pixels
from spectra.metrics.per_image import PerImage

EPSILON = 1e-6


class VcipAe(PerImage):
    """The angle in degrees with 1e-6 added to the denominator of its cosine: for comparison with the papers only.

    It is wrong: images that are equal have an angle, the darker the larger (0.1° to 0.14° for photographs), and where
    both are black it is 90°.
    """

    api_version = 1
    better: ClassVar[Better] = "lower"
    summary: ClassVar[str] = "angular error as the VCIP papers have it: never 0; for comparison with them only"

    @property
    def unit(self) -> str:
        return "deg"

    @property
    def signature(self) -> str:
        return "vcip.ae|bands:all|range:unit|epsilon:1e-6|masked:pixels-skipped|mean:pixels,images|v1"

    def score(self, item: Scored) -> float:
        return math.degrees(mean_over_pixels(item, _angles))


def _angles(x: Tensor, y: Tensor) -> Tensor:
    lengths = x.square().sum(0).sqrt() * y.square().sum(0).sqrt()
    return ((x * y).sum(0) / (lengths + EPSILON)).clamp(-1, 1).acos()
