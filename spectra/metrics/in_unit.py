"""An error in the unit of the target."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Self

from spectra.metric import Better, Score, Scored
from spectra.metrics.per_image import PerImage
from spectra.modalities import Scale
from spectra.settings import Config


class InUnit(PerImage):
    """Write ``error`` in the unit interval; the unit comes from the scale, and scales are never mixed into one mean."""

    better: ClassVar[Better] = "lower"

    def __init__(self, settings: Config) -> None:
        super().__init__(settings)
        self.scale: Scale | None = None
        self.other: Scale | None = None

    @abstractmethod
    def error(self, item: Scored) -> float:
        """The error of one image, where 1 is the whole span of the scale."""

    @property
    def unit(self) -> str:
        return "" if self.scale is None or self.other is not None else self.scale.unit

    def score(self, item: Scored) -> float:
        self._meet(item.scale)
        return self.error(item) * item.scale.span

    def merge(self, other: Self) -> None:
        super().merge(other)
        for scale in (other.scale, other.other):
            if scale is not None:
                self._meet(scale)

    def result(self) -> Score:
        if self.other is None:
            return super().result()
        return self.unscored(
            f"the targets have differing scales ({self.scale} and {self.other}), which have no mean; "
            "declare the target's scale in the recipe"
        )

    def _meet(self, scale: Scale) -> None:
        if self.scale is None:
            self.scale = scale
        elif _meaning(scale) != _meaning(self.scale):
            self.other = scale


def _meaning(scale: Scale) -> tuple[str, tuple[float, float]]:
    """All of a scale but its mark for no data, which changes no number."""
    return scale.unit, scale.limits
