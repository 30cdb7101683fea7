"""The contract of a metric: numbers to judge by, each with the choices behind it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Self

from torch import Tensor

from spectra.masks import filled
from spectra.modalities import Scale
from spectra.settings import Config

Better = Literal["higher", "lower"]


@dataclass(frozen=True)
class Scored:
    """One prediction and all that a metric may want to know of it. Images are ``(c, h, w)`` in the unit interval.

    The prediction is as a file of the target's type would hold it: clipped and rounded. ``scale`` is the target's, with
    limits, so that ``rmse * scale.span`` is in the target's unit. ``valid`` is ``(h, w)``, true where there is data;
    None where there is everywhere.
    """

    prediction: Tensor
    target: Tensor
    source: Tensor
    name: str
    group: str
    scale: Scale
    valid: Tensor | None = None

    def filled(self) -> Self:
        """With the target's mean in both images where there is no data: for metrics that cannot skip pixels."""
        if self.valid is None:
            return self
        target, valid = self.target[None], self.valid[None, None].bool()
        prediction = filled(self.prediction[None], target, valid)[0]
        return replace(self, prediction=prediction, target=filled(target, target, valid)[0], valid=None)


@dataclass(frozen=True)
class Score:
    """One number for a set of images; ``value`` is None where it could not be had, and ``reason`` says why."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    unit: str
    better: Better
    signature: str
    reason: str = ""


class Metric(ABC):
    """Fed one image after the other, in bounded memory.

    ``update`` returns the image's own score where that means something, else None; ``result`` speaks for the whole set.
    """

    api_version: ClassVar[int]
    """The plugin API it was written for: state `api_version = 1`. It is not inherited from Spectra."""
    better: ClassVar[Better] = "higher"
    Settings: ClassVar[type[Config]] = Config
    summary: ClassVar[str] = ""

    def __init__(self, settings: Config) -> None:
        self.settings: Any = settings

    @property
    @abstractmethod
    def unit(self) -> str:
        """The unit of the value: ``dB``, the target's own, or empty."""

    @property
    @abstractmethod
    def signature(self) -> str:
        """Every choice that changes the number, as ``key:value`` joined by ``|``."""

    @abstractmethod
    def update(self, item: Scored) -> float | None:
        """Take one image in."""

    @abstractmethod
    def result(self) -> Score:
        """The score of all images so far."""
