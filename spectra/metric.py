"""The contract of a metric: numbers to judge by, each with the choices behind it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self, TypeVar

from torch import Tensor

from spectra.better import Better as Better
from spectra.masks import filled
from spectra.modalities import Scale, Task
from spectra.settings import Config

T = TypeVar("T")


class Memory:
    """What was computed of one target and its source: all methods are judged by the same ones, one after the other.

    It lives as long as the image is being scored, so nothing in it adds up.
    """

    def __init__(self) -> None:
        self._held: dict[Hashable, Any] = {}

    def once(self, key: Hashable, compute: Callable[[], T]) -> T:
        """What ``compute`` gives, computed when it is first asked for. The key names all that it depends on beside the
        target, the source and the mask: `("lpips", net, range)`."""
        if key not in self._held:
            self._held[key] = compute()
        held: T = self._held[key]
        return held


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
    task: Task | None = None
    """What the bands are, for metrics that ask; None where nobody knows."""
    memory: Memory = field(default_factory=Memory, repr=False, compare=False)
    """The same one for every method's prediction of this target."""
    own: Memory = field(default_factory=Memory, init=False, repr=False, compare=False)
    """Of this prediction alone: numbers that several metrics are made of. A copy with another image has a fresh one."""

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

    @classmethod
    def needs(cls, settings: Any) -> tuple[str, ...]:
        """The names of the pretrained weights it cannot be computed without; where one is missing, it is not made."""
        return ()

    def __init__(self, settings: Config) -> None:
        self.settings: Any = settings

    def to(self, device: str) -> Self:
        """For metrics with a network: where it computes. Images come on the CPU."""
        return self

    @property
    def unit(self) -> str:
        """The unit of the value: ``dB``, the target's own, or, unless a metric says one, none."""
        return ""

    @property
    @abstractmethod
    def signature(self) -> str:
        """Every choice that changes the number, as ``key:value`` joined by ``|``."""

    @abstractmethod
    def update(self, item: Scored) -> float | None:
        """Take one image in."""

    @abstractmethod
    def merge(self, other: Self) -> None:
        """Take in all that another of the same settings has seen, as if its images had been fed here."""

    @abstractmethod
    def result(self) -> Score:
        """The score of all images so far."""

    def parts(self) -> Mapping[str, Score]:
        """The terms that ``result`` is made of, where it is made of several: each has a column of its own."""
        return {}
