"""One row of a bench: a method on a task, its scores and its cost."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, JsonValue, model_validator

from spectra.bench.cost.cost import Cost as Cost
from spectra.bench.exact import Exact as Exact
from spectra.better import Better

Kind = Literal["translator", "recipe", "model", "predictions", "floor", "published"]


class RowScore(Exact):
    """One metric of one row. `mean` is None where it was not scored; `reason` then says why."""

    mean: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    unit: str = ""
    better: Better
    signature: str
    reason: str = ""
    seed_sd: float | None = None
    best: bool = False
    tied: bool = False
    """Indistinguishable from the best by the test of the protocol."""

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        if (self.low is None) != (self.high is None):
            raise ValueError("an interval has both ends or none")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"its interval runs backwards, from {self.low} to {self.high}")
        if self.mean is None and (self.low is not None or self.seed_sd is not None or self.best or self.tied):
            raise ValueError("it was not scored, yet has an interval, a spread or a mark")
        if self.mean is None and not self.reason:
            raise ValueError("it was not scored, and no reason is given")
        return self

    def better_than(self, other: RowScore) -> bool:
        if self.mean is None or other.mean is None:
            return self.mean is not None
        return self.mean > other.mean if self.better == "higher" else self.mean < other.mean


class Row(Exact):
    """One method on one task."""

    method: str
    task: str
    kind: Kind
    preset: str | None = None
    seeds: tuple[int, ...] = ()
    steps: int | None = None
    scores: dict[str, RowScore] = Field(default_factory=dict)
    cost: Cost | None = None
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    """By their places in a recipe, such as ``settings.factor``: what differs from the preset, or all there is to set;
    as ``found.NAME`` what was fitted. `notes` say it too."""
    notes: tuple[str, ...] = ()
    error: str | None = None
    """Why there are no scores."""
    id: str | None = None
    source: str | None = None
    """Where a published row was printed."""

    @model_validator(mode="after")
    def _competes_with_its_like(self) -> Self:
        if self.kind == "published" and any(score.best or score.tied for score in self.scores.values()):
            raise ValueError(f"the published row {self.method!r} is marked best or tied, on images of its own")
        return self


def alike(one: RowScore, other: RowScore) -> bool:
    """Whether the two numbers may be compared."""
    return sorted(one.signature.split("|")) == sorted(other.signature.split("|")) and one.unit == other.unit
