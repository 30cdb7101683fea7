"""What the trainer tells while it works, and who listens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class Progress:
    """What is told after each optimizer step."""

    stage: str
    step: int
    """Steps of the stage that have been taken."""
    steps: int
    total: int
    """Steps taken since training began."""
    epoch: float
    """Epochs of the stage."""
    terms: Mapping[str, Mapping[str, float]]
    """By player, the unweighted value of each term that was computed."""
    weights: Mapping[str, Mapping[str, float]]
    """What the recipe says of the terms' weights."""
    rates: Mapping[str, float]
    """Learning rates, by player."""
    norms: Mapping[str, float | None]
    """Norms of the gradients by player, where they were measured."""
    skipped: tuple[str, ...] = ()
    """Players whose step was left out, as its gradient did not fit into the range of fp16."""
    seconds: float = 0.0
    """Since the step before."""


@dataclass(frozen=True)
class Validation:
    """What a look at the validation split found."""

    stage: str
    total: int
    scores: Mapping[str, float | None]
    metric: str
    """The one that says what is best."""
    best: bool
    """Whether it is the best so far."""
    better: str = "higher"
    """Which values of that metric are the better ones: `higher` or `lower`."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Why a metric has no score, or what was left out of it."""
    signs: Mapping[str, float | None] = field(default_factory=dict)
    """What tells a collapse, as `spectra.training.watch.collapse` defines it."""
    samples: Path | None = None
    """The picture that was written."""
    failed: Mapping[str, str] = field(default_factory=dict)
    """Metrics that raised, and what."""


class Watcher(Protocol):
    """Whoever wants to know how training goes."""

    every: int
    """How often, in steps, it wants the norms of gradients."""

    def stepped(self, progress: Progress) -> None: ...

    def validated(self, validation: Validation) -> None: ...

    def resumed(self, total: int) -> None:
        """Training goes on after so many steps: what was written beyond them is to be dropped."""

    def closed(self) -> None: ...


class Validate(Protocol):
    """Scores the translator while it learns, and leaves everything that learning depends on as it was."""

    def __call__(self, stage: str, total: int) -> Validation: ...

    def state(self) -> Any: ...

    def restore(self, state: Any) -> None: ...
