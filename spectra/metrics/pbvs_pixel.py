"""The pixel term of the score of MAVIC-T."""

from __future__ import annotations

import math
from array import array
from typing import ClassVar, Literal, Self

from pydantic import Field

from spectra.metric import Better, Score, Scored
from spectra.metrics.distribution.whole_set import NO_INTERVAL
from spectra.metrics.masked import valid_errors
from spectra.metrics.per_image import NotScored, PerImage
from spectra.settings import Config

PixelKind = Literal["l1", "rmse", "norm_over_sqrtn"]


class PbvsPixel(PerImage):
    """The difference of pixels on [0, 1]: a mean over images, but for ``norm_over_sqrtn``, which is of all at once."""

    api_version = 1
    better: ClassVar[Better] = "lower"

    class Settings(Config):
        kind: PixelKind = Field("l1", description="`l1`, `rmse` of each image, or `norm_over_sqrtn` of the whole set")

    def __init__(self, settings: Config) -> None:
        super().__init__(settings)
        self.counts = array("q")
        """How many numbers each image has."""

    @property
    def signature(self) -> str:
        taken = {
            "l1": "mean:pixels,images",
            "rmse": "root:each-image|mean:images",
            "norm_over_sqrtn": "root:all-images-at-once",
        }
        kind = self.settings.kind
        return f"pbvs.pixel|kind:{kind}|range:unit|{taken[kind]}|masked:pixels-skipped|v1"

    def score(self, item: Scored) -> float:
        error = valid_errors(item)
        if not error.isfinite().all():
            raise NotScored("values that are not finite")
        self.counts.append(error.numel())
        if self.settings.kind == "l1":
            return error.abs().mean().item()
        return error.square().mean().sqrt().item()

    def merge(self, other: Self) -> None:
        super().merge(other)
        self.counts.extend(other.counts)

    def result(self) -> Score:
        if self.settings.kind != "norm_over_sqrtn" or not self.values:
            return super().result()
        squares = math.fsum(count * root**2 for count, root in zip(self.counts, self.values, strict=True))
        value = math.sqrt(squares / sum(self.counts))
        said = "; ".join(filter(None, [NO_INTERVAL, self.omissions]))
        return Score(value, None, None, len(self.values), self.unit, self.better, self.signature, said)
