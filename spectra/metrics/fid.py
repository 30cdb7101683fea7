"""Fréchet Inception distance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import Field

from spectra.metric import Score
from spectra.metrics.bands import BANDS, Bands
from spectra.metrics.distribution.distance import frechet
from spectra.metrics.distribution.inception import WIDTHS, OfInception, told_inception
from spectra.metrics.distribution.moments import Moments, Row
from spectra.metrics.kid import Kid
from spectra.nn.inception import Width
from spectra.settings import Config


class Fid(OfInception):
    """FID of Heusel et al. 2017, the number of torch-fidelity on images of 8 bits; deeper ones are not rounded to 8.

    Of few images it is far too high, all the more where these are fewer than the features; so KID, which is not, stands
    beside it as `fid.kid`.
    """

    api_version = 1

    class Settings(Config):
        features: Width = Field(2048, description=WIDTHS)
        reservoir: int = Field(2048, ge=2, le=10_000, description="of how many images at most `fid.kid` is computed")
        bands: Bands | None = Field(None, description=BANDS)

    summary: ClassVar[str] = "Fréchet Inception distance of all images, with KID beside it"

    def __init__(self, settings: Config) -> None:
        super().__init__(settings)
        said = self.settings
        self.predictions, self.targets = Moments(), Moments()
        self.kid = Kid(Kid.Settings(features=said.features, reservoir=said.reservoir, bands=said.bands))

    @property
    def signature(self) -> str:
        return (
            f"fid|{told_inception(self.settings.features)}|{self.told_bands()}|masked:filled-with-target-mean"
            "|covariance:n-1|set:all-images|v1"
        )

    def take(self, name: str, prediction: Row, target: Row) -> None:
        self.predictions.add(prediction)
        self.targets.add(target)
        self.kid.n += 1
        self.kid.take(name, prediction, target)

    def merge(self, other: Self) -> None:
        super().merge(other)
        self.predictions.merge(other.predictions)
        self.targets.merge(other.targets)
        self.kid.merge(other.kid)

    def value(self) -> float:
        return frechet(self.predictions, self.targets)

    def doubts(self) -> list[str]:
        return too_few(self.n, self.settings.features)

    def parts(self) -> Mapping[str, Score]:
        self.settle()
        self.kid.counts, self.kid.not_here = self.counts, self.not_here
        return {"kid": self.kid.result()}


def too_few(n: int, width: int) -> list[str]:
    """What must be said of a Fréchet distance whose covariances cannot have full rank."""
    if n > width:
        return []
    return [f"{n} images for {width} dimensions: biased upwards, compare only at equal n"]
