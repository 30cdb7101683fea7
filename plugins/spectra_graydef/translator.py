"""Grayscale redefinition of Wu, Chao and Yang (PBVS 2024), sections 3.4 and 3.5."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from torch import Tensor

from spectra import Config, Task, Translator
from spectra_graydef.clipped import fit_factor
from spectra_graydef.curves import CURVES, Curve, Factor, factor_report
from spectra_graydef.levels import count
from spectra_graydef.settings import RGB2IR, SAR2IR, Settings

if TYPE_CHECKING:
    from spectra import Pair


def _fitted(variant: str) -> dict[str, Any]:
    return {"settings": {"variant": variant, "factor": "fit"}}


class GrayDefinition(Translator):
    """O = clip(f·A, 0, 1), where A is the mean over the channels of their difference from black."""

    api_version = 1
    home_tasks = ("rgb2ir",)
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "rgb2ir": {"settings": {"factor": RGB2IR}},
        "sar2ir": {"settings": {"factor": SAR2IR}},
        "fit": _fitted("factor"),
        "affine": _fitted("affine"),
        "channels": _fitted("channels"),
        "lookup": _fitted("lookup"),
    }
    Settings = Settings
    summary = "mean of the channels × an intensity factor, clipped (PBVS 2024); the factor given or fitted exactly"

    def __init__(self, task: Task, settings: Config) -> None:
        super().__init__(task, settings)
        self.curve = self._curve()
        self._found: dict[str, Any] = {}

    @classmethod
    def supports(cls, task: Task) -> bool:
        """Any number of channels to one."""
        return task.target.channels == 1

    @property
    def ready(self) -> bool:
        return bool(self.settings.factor != "fit")

    @property
    def reach(self) -> int:
        return 0

    def forward(self, source: Tensor) -> Tensor:
        grey: Tensor = self.curve(source)
        return grey

    def fit(self, pairs: Iterable[Pair]) -> None:
        """Find the factor, or what the variant has in its place; a factor that is given stays, and is only measured."""
        levels = count(pairs)
        factor = self.settings.factor if self.ready else fit_factor(levels)
        plain = factor_report(levels, factor)
        found = self.curve.fit(pairs, levels, factor)
        beside = {} if isinstance(self.curve, Factor) else {"factor": factor, "factor_loss": plain["loss"]}
        self._found = {
            "variant": self.settings.variant,
            **found,
            "rmse": math.sqrt(found["loss"]),
            **beside,
            "pixels": int(levels.pixels),
            "levels": levels.text,
        }

    def diagnostics(self) -> dict[str, Any]:
        return dict(self._found)

    def _curve(self) -> Curve:
        channels = self.task.source.channels
        return Factor(channels, self.settings.factor) if self.ready else CURVES[self.settings.variant](channels)
