"""One method of a run."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor

from spectra.bench.scoring import predict
from spectra.data.pairs import Pair
from spectra.metric import Metric, Score
from spectra.model import Model


@dataclass
class Method:
    """One row of the table: a model that is ready to be scored, or why there is none."""

    name: str
    model: Model
    floor: bool = False
    seconds: float = 0.0
    metrics: dict[str, Metric] = field(default_factory=dict)
    images: list[dict[str, float | None]] = field(default_factory=list)
    fitted: bool = False
    """Whether a prediction had another size than its target, and was brought to it."""

    def predict(self, pair: Pair) -> Tensor:
        """What a file of the target's type would hold."""
        return predict(self.model, pair)

    def scores(self) -> dict[str, Score]:
        """Of every metric, and beside it of the terms that it is made of, as `METRIC.TERM`."""
        found = {}
        for name, metric in self.metrics.items():
            found[name] = metric.result()
            found |= {f"{name}.{part}": score for part, score in metric.parts().items()}
        return found
