"""One method of a run or of a bench."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace

from torch import Tensor

from spectra.bench.scoring import predict
from spectra.data.pairs import Pair
from spectra.metric import Metric, Score
from spectra.model import Model


@dataclass(kw_only=True)
class Judged(ABC):
    """One row of the table: whatever predicts, and what its predictions scored."""

    name: str
    floor: bool = False
    metrics: dict[str, Metric] = field(default_factory=dict)
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
            found[name] = finite(metric.result())
            found |= {f"{name}.{part}": finite(score) for part, score in metric.parts().items()}
        return found


@dataclass(kw_only=True)
class Method(Judged):
    """A model that is ready to be scored."""

    model: Model
    seconds: float = 0.0

    def predict(self, pair: Pair) -> Tensor:
        return predict(self.model, pair)


def finite(score: Score) -> Score:
    """No number stands in a table that is none."""
    if score.value is None or math.isfinite(score.value):
        return score
    return replace(score, value=None, low=None, high=None, reason=score.reason or f"the value is {score.value}")
