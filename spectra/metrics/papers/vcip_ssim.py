"""The SSIM of the evaluator that the VCIP 2020 papers share."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from torch import Tensor

from spectra.metric import Scored
from spectra.metrics.masked import valid_pixels
from spectra.metrics.per_image import NotScored, PerImage
from spectra.metrics.ssim import mean_of_windows
from spectra.metrics.windows import Likeness, Strip, uniform

WINDOW = 7
K1, K2 = 0.01, 0.03


class VcipSsim(PerImage):
    """SSIM with a uniform 7×7 window and sample covariances, whose data range is ``max(x) - min(x)`` of the prediction:
    for comparison with the papers only.

    It is wrong: the range belongs to the scale of the images. Here every prediction is judged by constants of its own,
    and one of little contrast by smaller ones.
    """

    api_version = 1
    summary: ClassVar[str] = (
        "SSIM as the VCIP papers have it: the prediction's own range; for comparison with them only"
    )

    @property
    def signature(self) -> str:
        return (
            f"vcip.ssim|window:uniform{WINDOW}|covariance:sample|k:{K1},{K2}|range:max-min-of-prediction|border:valid"
            "|channels:mean|masked:windows-skipped|mean:images|v1"
        )

    def score(self, item: Scored) -> float:
        return mean_of_windows(item, WINDOW, partial(_similarity, item, _span(item)))


def _span(item: Scored) -> float:
    held = [(x.min().item(), x.max().item()) for x, _ in valid_pixels(item) if x.numel()]
    if not held:
        raise NotScored("no valid pixel")
    span = max(high for _, high in held) - min(low for low, _ in held)
    if span == 0:
        raise NotScored("the prediction is constant, so it has no range")
    return span


def _similarity(item: Scored, span: float, strip: Strip) -> Tensor:
    sample = WINDOW**2 / (WINDOW**2 - 1)  # of all four (co)variances, so that one constant can be divided instead
    constants = (K1 * span) ** 2, (K2 * span) ** 2 / sample
    return Likeness(uniform(WINDOW), constants).similarity(item.prediction[strip], item.target[strip])
