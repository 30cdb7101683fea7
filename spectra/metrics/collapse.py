"""Whether a prediction is nearer to its source than to its target."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from spectra.metric import Better, Scored
from spectra.metrics.masked import check_shapes
from spectra.metrics.per_image import NotScored, PerImage
from spectra.settings import Config

LUMINANCE = (0.299, 0.587, 0.114)
"""Rec. 601."""


class Collapse(PerImage):
    """1 for an image whose prediction is nearer to the source than to the target, else 0: the mean is their share.

    Near is the mean absolute difference over valid pixels, of what they can be compared by: the luminance of three
    bands, one band as it is, or all bands where all three images have the same other number of them.
    """

    api_version = 1
    better: ClassVar[Better] = "lower"
    summary: ClassVar[str] = "share of images whose prediction is nearer to the source than to the target"

    class Settings(Config):
        ratio: float = Field(
            1, gt=0, description="a prediction has collapsed that is less than so many times as far from its source"
        )

    @property
    def signature(self) -> str:
        return (
            f"collapse|ratio:{self.settings.ratio:g}|distance:mean-absolute|three-bands:luminance601|range:unit"
            "|masked:pixels-skipped|mean:images|v1"
        )

    def score(self, item: Scored) -> float:
        from_source, from_target = distances(item)
        known = math.isfinite(from_source + from_target)
        return float(from_source < self.settings.ratio * from_target) if known else math.nan


def distances(item: Scored) -> tuple[float, float]:
    """From the source and from the target."""
    check_shapes(item)
    prediction = comparable(item.prediction)
    source, target = item.memory.once("collapse", lambda: (comparable(item.source), comparable(item.target)))
    if not len(source) == len(prediction) == len(target):
        raise NotScored(f"a source of {len(source)} and a target of {len(target)} bands have no distance")
    size = target.shape[1:]
    if source.shape[1:] != size:
        source = functional.interpolate(source[None], tuple(size), mode="bilinear", antialias=True)[0]
    return _distance(prediction, source, item.valid), _distance(prediction, target, item.valid)


def comparable(image: Tensor) -> Tensor:
    """``(c, h, w)``: the luminance of three bands; any other number as it is."""
    if len(image) != 3:
        return image
    return torch.einsum("chw,c->hw", image, image.new_tensor(LUMINANCE))[None]


def _distance(one: Tensor, other: Tensor, valid: Tensor | None) -> float:
    gap = (one - other).abs()
    if valid is not None:
        gap = gap[:, valid.bool()]
    if not gap.numel():
        raise NotScored("no valid pixel")
    return gap.mean(dtype=torch.float64).item()
