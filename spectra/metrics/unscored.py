"""The place of a metric that cannot be computed here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from spectra.metric import Better, Metric, Score, Scored
from spectra.settings import Config


class Unscored(Metric):
    """It looks at nothing and says why: no number of anything else stands under the name of what is missing."""

    api_version = 1

    def __init__(self, metric: Metric, reason: str) -> None:
        super().__init__(Config())
        self.better: Better = metric.better  # type: ignore[misc]  # of each metric that it stands in for its own
        self.reason, self._unit, self._signature = reason, metric.unit, metric.signature

    @property
    def unit(self) -> str:
        return self._unit

    @property
    def signature(self) -> str:
        return self._signature

    def update(self, item: Scored) -> None:
        return None

    def merge(self, other: Self) -> None:
        return None

    def result(self) -> Score:
        return Score(None, None, None, 0, self.unit, self.better, self.signature, self.reason)


def not_scored(missing: Sequence[str]) -> str:
    """Why a number is not there, and what to do."""
    return f"not scored: needs {' and '.join(missing)}; run: spectra weights fetch {' '.join(missing)}"
