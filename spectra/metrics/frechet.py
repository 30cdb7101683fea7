"""Fréchet's distance by what any backbone of timm sees."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar, Self

from pydantic import Field

from spectra.metrics.bands import BANDS, Bands
from spectra.metrics.distribution.distance import frechet
from spectra.metrics.distribution.moments import Moments, Row
from spectra.metrics.distribution.passes import Passes
from spectra.metrics.distribution.timm_models import preprocessing, timm_passes, told_weights
from spectra.metrics.distribution.whole_set import NotHere, WholeSet
from spectra.metrics.fid import too_few
from spectra.settings import Config


class Frechet(WholeSet):
    """FID by another network: the pooled features before the classifier, of images prepared as timm states for it.

    Distances by different backbones are different metrics. DINOv2, which learned without labels, agrees with people
    better than Inception does (Stein et al. 2023); its small form has 384 features, so fewer images suffice.
    """

    api_version = 1

    class Settings(Config):
        backbone: str = Field(
            "vit_small_patch14_dinov2.lvd142m", description="a model of timm, with the tag of its weights"
        )
        weights: str | None = Field(None, description="a file of its weights; none: those in timm's own cache")
        bands: Bands | None = Field(None, description=BANDS)

    summary: ClassVar[str] = "Fréchet distance of all images by any backbone of timm"

    def __init__(self, settings: Config) -> None:
        super().__init__(settings)
        self.predictions, self.targets = Moments(), Moments()

    @property
    def signature(self) -> str:
        said = self.settings
        return (
            f"frechet|backbone:{said.backbone}|weights:{told_weights(said.weights)}|{self._shown()}|{self.told_bands()}"
            "|masked:filled-with-target-mean|covariance:n-1|set:all-images|v1"
        )

    @property
    def network(self) -> Hashable:
        return "timm", self.settings.backbone, self.settings.weights

    def passes(self) -> Passes:
        return timm_passes(self.settings.backbone, self.settings.weights, self.device)

    def take(self, name: str, prediction: Row, target: Row) -> None:
        self.predictions.add(prediction)
        self.targets.add(target)

    def merge(self, other: Self) -> None:
        super().merge(other)
        self.predictions.merge(other.predictions)
        self.targets.merge(other.targets)

    def value(self) -> float:
        return frechet(self.predictions, self.targets)

    def doubts(self) -> list[str]:
        return too_few(self.n, self.targets.width)

    def _shown(self) -> str:
        """How images are prepared; nobody knows where timm is missing, and then there is no score either."""
        try:
            return str(preprocessing(self.settings.backbone))
        except NotHere:
            return "input:unknown"
