"""The error of the vegetation index."""

from __future__ import annotations

from typing import ClassVar, Literal, NamedTuple

import torch
from pydantic import Field
from torch import Tensor

from spectra.errors import SpectraError
from spectra.metric import Better, Scored
from spectra.metrics.masked import check_shapes, kept
from spectra.metrics.per_image import NotScored, PerImage
from spectra.modalities import Scale, Task
from spectra.settings import Config

RED = ("rgb",)
NIR = ("nir", "ir")
"""`ir` is near-infrared, as in PBVS MAVIC-T; the name of thermal images is `lwir`."""


class Place(NamedTuple):
    """Where a band is."""

    side: str
    band: int

    @classmethod
    def parse(cls, text: str) -> Place:
        side, _, band = text.partition(":")
        return cls(side, int(band))

    def of(self, item: Scored, target: Tensor) -> Tensor:
        image = item.source if self.side == "source" else target
        if self.band >= len(image):
            raise SpectraError(
                f"The metric 'ndvi' is told of a band {self.side}:{self.band}, counted from 0, and the {self.side} of "
                f"{item.name} has {len(image)} bands: set `red` and `nir` to bands that are there."
            )
        return image[self.band]


class Ndvi(PerImage):
    """The mean absolute difference of ``NDVI = (NIR - R) / (NIR + R)`` with the predicted and with the true band.

    Bands below 0 count as 0. A pixel whose true bands are both 0 has no NDVI and is skipped; where only the predicted
    ones are, their NDVI is taken as 0, so that no method can choose its pixels.
    """

    api_version = 1
    better: ClassVar[Better] = "lower"
    summary: ClassVar[str] = "error of the vegetation index, where red and near-infrared are at hand"

    class Settings(Config):
        red: str | None = Field(
            None, pattern=r"^(source|target):[0-9]+$", description="the red band, `SIDE:BAND` from 0; none: of `rgb`"
        )
        nir: str | None = Field(
            None,
            pattern=r"^(source|target):[0-9]+$",
            description="the near-infrared band, `SIDE:BAND` from 0; none: of `nir` or `ir`",
        )
        kind: Literal["mae", "rmse"] = Field("mae", description="mean absolute, or root mean squared difference")

    @property
    def signature(self) -> str:
        red, nir = self.settings.red or "by-name", self.settings.nir or "by-name"
        return (
            f"ndvi|kind:{self.settings.kind}|red:{_said(red)}|nir:{_said(nir)}|range:unit|below-0:0"
            "|both-0:skipped-if-true,0-if-predicted|masked:pixels-skipped|mean:images|v1"
        )

    def score(self, item: Scored) -> float:
        check_shapes(item)
        _check_scales(item)
        red, nir = self._places(item.task)
        if item.source.shape[1:] != item.target.shape[1:]:
            raise NotScored("source and target differ in size")
        truth, known = kept(item, ("ndvi", red, nir), lambda: _index(item, red, nir, item.target))
        found, _ = _index(item, red, nir, item.prediction)
        error = (found - truth)[known if item.valid is None else known & item.valid.bool()]
        if not error.numel():
            raise NotScored("no valid pixel whose bands are not both 0")
        return (error.abs().mean() if self.settings.kind == "mae" else error.square().mean().sqrt()).item()

    def _places(self, task: Task | None) -> tuple[Place, Place]:
        red, nir = _place(self.settings.red, RED, task), _place(self.settings.nir, NIR, task)
        if red is None or nir is None:
            raise NotScored("NDVI needs a red and a near-infrared band: set `red` and `nir`")
        if red.side == nir.side == "source":
            raise NotScored("red and near-infrared are both of the source, so the prediction plays no part")
        return red, nir


def _place(said: str | None, names: tuple[str, ...], task: Task | None) -> Place | None:
    """As it is said, or the first band of the side that has one of these names; the target's before the source's."""
    if said is not None:
        return Place.parse(said)
    if task is None:
        return None
    sides = (("target", task.target.name), ("source", task.source.name))
    return next((Place(side, 0) for side, name in sides if name in names), None)


def _check_scales(item: Scored) -> None:
    """A ratio of values needs a 0 that means nothing."""
    scales: list[Scale] = [item.scale] + ([item.task.source.scale] if item.task else [])
    for scale in scales:
        if scale.low or scale.percentiles:
            raise NotScored(f"NDVI is a ratio of values, and the scale `{scale}` does not begin at 0")


def _index(item: Scored, red: Place, nir: Place, target: Tensor) -> tuple[Tensor, Tensor]:
    """NDVI with that target, 0 where both bands are; and where they are not."""
    low, high = (place.of(item, target).double().clamp(min=0) for place in (red, nir))
    known = high + low != 0
    return torch.where(known, (high - low) / (high + low), 0), known


def _said(place: str) -> str:
    return place.replace(":", "-")
