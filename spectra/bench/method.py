"""One method of a run or of a bench."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from torch import Tensor

from spectra.bench.fault import Fault
from spectra.bench.guarded import Guarded
from spectra.bench.scoring import predict
from spectra.data.pairs import Pair
from spectra.metric import Score
from spectra.model import Model


@dataclass(kw_only=True)
class Judged(ABC):
    """One row of the table: whatever predicts, and what its predictions scored."""

    name: str
    floor: bool = False
    metrics: dict[str, Guarded] = field(default_factory=dict)
    images: list[dict[str, float | None]] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    """What each image belongs to; its own name where it stands alone."""
    fitted: bool = False
    """Whether a prediction had another size than its target, and was brought to it."""

    @abstractmethod
    def predict(self, pair: Pair) -> Tensor:
        """What a file of the target's type would hold."""

    def scores(self) -> dict[str, Score]:
        """Of every metric, and beside it of the terms that it is made of, as `METRIC.TERM`."""
        found = {}
        for name, metric in self.metrics.items():
            whole, parts = metric.result(), metric.parts()
            found[name] = whole if metric.fault is None else metric.result()  # its terms may have failed
            found |= {f"{name}.{part}": score for part, score in parts.items()}
        return found

    @property
    def faults(self) -> dict[str, Fault]:
        """Of metrics that raised."""
        return {name: metric.fault for name, metric in self.metrics.items() if metric.fault is not None}


@dataclass(kw_only=True)
class Method(Judged):
    """A model that is ready to be scored."""

    model: Model
    seconds: float = 0.0
    fault: Fault | None = None
    """Of a floor that could not translate an image: it has no scores."""

    def predict(self, pair: Pair) -> Tensor:
        return predict(self.model, pair)


def without_terms(like: Score) -> Score:
    """A term of a metric that failed before it told its terms, as others have it."""
    return replace(like, value=None, low=None, high=None, n=0, reason="not scored: the metric failed")


def faults_of(judged: Iterable[Judged]) -> dict[str, Fault]:
    """Of metrics that raised, each once, whoever they were to score."""
    found: dict[str, Fault] = {}
    for one in judged:
        for metric, fault in one.faults.items():
            found.setdefault(metric, fault)
    return found
