"""The score of a task of MAVIC-T, the challenge of the workshop PBVS."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Self

from pydantic import Field

from spectra import weights
from spectra.losses.ranges import Range
from spectra.metric import Better, Metric, Score, Scored
from spectra.metrics.bands import BANDS, Bands
from spectra.metrics.distribution.whole_set import NO_INTERVAL
from spectra.metrics.fid import Fid
from spectra.metrics.lpips import Lpips
from spectra.metrics.pbvs_pixel import PbvsPixel, PixelKind
from spectra.metrics.pbvs_presets import PRESETS, Choices, Feature, Preset
from spectra.metrics.unscored import Unscored, not_scored
from spectra.nn.lpips import Net
from spectra.settings import Config


class Pbvs(Metric):
    """``((2/π) arctan(FID) + LPIPS + pixel) / 3``, and beside it the three terms, as they are before they are squashed
    or weighted. Without the weights of its networks the pixel term is still there."""

    api_version = 1
    better: ClassVar[Better] = "lower"

    class Settings(Config):
        preset: Preset = Field("mavic2026", description="a reading of the rules, which fills what is not set here")
        pixel: PixelKind | None = Field(None, description="`l1`, `rmse` of each image, or `norm_over_sqrtn` of the set")
        fid_feature: Feature | None = Field(None, description="dimensions of the features of FID")
        fid_gain: float | None = Field(None, gt=0, description="factor of the FID, within the arctan")
        lpips_net: Net | None = Field(None, description="the backbone of LPIPS")
        lpips_input: Range | None = Field(
            None, description="what LPIPS is fed: `sym`: [-1, 1], as meant; `unit`: [0, 1]"
        )
        lpips_gain: float | None = Field(None, gt=0, description="factor of LPIPS")
        bands: Bands | None = Field(None, description=BANDS)

    summary: ClassVar[str] = "score of a task of MAVIC-T: FID, LPIPS and a pixel term"

    def __init__(self, settings: Config) -> None:
        super().__init__(settings)
        self.choices = _choices(self.settings)
        self.missing: list[str] = []
        """The names of the weights that are not here."""
        self.terms: dict[str, Metric] = {
            "pixel": PbvsPixel(PbvsPixel.Settings(kind=self.choices.pixel)),
            "lpips": self._if_possible(Lpips(self._lpips())),
            "fid": self._if_possible(Fid(self._fid())),
        }

    def to(self, device: str) -> Self:
        for term in self.terms.values():
            term.to(device)
        return self

    @property
    def signature(self) -> str:
        chosen = self.choices
        formula = f"(2/pi*arctan({chosen.fid_gain:g}*fid)+{chosen.lpips_gain:g}*lpips+pixel)/3"
        terms = [part for name, term in self.terms.items() for part in _prefixed(name, term.signature)]
        return "|".join(["pbvs", f"score:{formula}", f"preset:{self.settings.preset}", *terms, "v1"])

    def update(self, item: Scored) -> None:
        for term in self.terms.values():
            term.update(item)

    def merge(self, other: Self) -> None:
        for name, term in self.terms.items():
            term.merge(other.terms[name])

    def parts(self) -> Mapping[str, Score]:
        return {name: term.result() for name, term in self.terms.items()}

    def result(self) -> Score:
        if self.missing:
            return self._score(None, 0, not_scored(self.missing))
        terms = self.parts()
        values = {name: score.value for name, score in terms.items() if score.value is not None}
        if len(values) < len(terms):
            return self._score(None, 0, "; ".join(_doubts(terms)))
        reason = "; ".join([NO_INTERVAL, *_doubts(terms)])
        return self._score(task_score(self.choices, **values), terms["pixel"].n, reason)

    def _score(self, value: float | None, n: int, reason: str) -> Score:
        return Score(value, None, None, n, self.unit, self.better, self.signature, reason)

    def _lpips(self) -> Lpips.Settings:
        chosen = self.choices
        return Lpips.Settings(net=chosen.lpips_net, range=chosen.lpips_input, bands=self.settings.bands)

    def _fid(self) -> Fid.Settings:
        return Fid.Settings(features=self.choices.fid_feature, bands=self.settings.bands)

    def _if_possible(self, term: Metric) -> Metric:
        """The term, or one that says which weights it lacks."""
        missing = [name for name in term.needs(term.settings) if weights.find(name) is None]
        self.missing += missing
        return Unscored(term, not_scored(missing)) if missing else term


def task_score(choices: Choices, pixel: float, lpips: float, fid: float) -> float:
    """The mean of the three terms, an FID squashed from [0, inf) to [0, 1)."""
    return (2 / math.pi * math.atan(choices.fid_gain * fid) + choices.lpips_gain * lpips + pixel) / 3


def _prefixed(name: str, signature: str) -> list[str]:
    """The choices of a term, each under its name."""
    _, *choices, version = signature.split("|")
    return [f"{name}.{choice}" for choice in (*choices, f"form:{version}")]


def _doubts(terms: Mapping[str, Score]) -> list[str]:
    """What the terms have to say of themselves, but that none of them has an interval."""
    said = [(name, one) for name, score in terms.items() for one in score.reason.split("; ")]
    return [f"{name}: {one}" for name, one in said if one and not one.startswith("no interval")]


def _choices(settings: Pbvs.Settings) -> Choices:
    """Those of the preset, but for what is set."""
    own = settings.model_dump(exclude={"preset", "bands"}, exclude_none=True)
    return replace(PRESETS[settings.preset], **own)
