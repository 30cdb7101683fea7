"""A metric that may raise anything, and then is not scored, with its reason."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Self

from spectra.bench.fault import Fault
from spectra.bench.scoring import metric_of
from spectra.metric import Better, Metric, Score, Scored
from spectra.registry import registry
from spectra.settings import Config


class Guarded(Metric):
    """Of one method. From its first fault on the metric is asked nothing more, and none of its numbers count."""

    api_version = 1

    def __init__(self, name: str, settings: dict[str, Any], device: str = "cpu") -> None:
        super().__init__(Config())
        self.better: Better = registry("metrics").get(name).better  # type: ignore[misc]  # that of each metric
        self.fault: Fault | None = None
        self.metric: Metric | None = None
        self._unit, self._signature = "", name
        with self._caught():
            self.metric = metric_of(name, settings, device)
            self._unit, self._signature = str(self.metric.unit), str(self.metric.signature)

    @property
    def unit(self) -> str:
        return self._unit

    @property
    def signature(self) -> str:
        return self._signature

    def update(self, item: Scored) -> float | None:
        with self._caught():
            if self.metric is not None and self.fault is None:
                value = self.metric.update(item)
                return None if value is None else float(value)
        return None

    def merge(self, other: Self) -> None:
        self.fault = self.fault or other.fault
        with self._caught():
            if self.metric is not None and other.metric is not None and self.fault is None:
                self.metric.merge(other.metric)

    def result(self) -> Score:
        with self._caught():
            if self.metric is not None and self.fault is None:
                return _sound(self.metric.result())
        reason = f"not scored: {self.fault.reason}" if self.fault else "not scored"
        return Score(None, None, None, 0, self._unit, self.better, self._signature, reason)

    def parts(self) -> Mapping[str, Score]:
        """None of a metric that has failed, before or in saying them."""
        with self._caught():
            if self.metric is not None and self.fault is None:
                return {str(part): _sound(score) for part, score in self.metric.parts().items()}
        return {}

    @contextmanager
    def _caught(self) -> Iterator[None]:
        try:
            yield
        except Exception as why:  # a plugin may raise anything
            self.fault = self.fault or Fault.of(why)


def _sound(score: Score) -> Score:
    """In plain numbers: a plugin may hand out those of NumPy or torch. No number stands in a table that is none."""
    if not isinstance(score, Score) or score.better not in ("higher", "lower"):
        raise TypeError(f"its result is {score!r:.200}, and should be a Score")
    value, low, high = (None if one is None else float(one) for one in (score.value, score.low, score.high))
    score = replace(score, value=value, low=low, high=high, n=int(score.n))
    if value is None:
        return replace(score, low=None, high=None, reason=score.reason or "not scored")
    if not math.isfinite(value):
        return replace(score, value=None, low=None, high=None, reason=score.reason or f"the value is {value}")
    bounded = low is not None and high is not None and math.isfinite(low) and math.isfinite(high) and low <= high
    return score if bounded else replace(score, low=None, high=None)
