"""One task of a bench in the making: who enters it, and what they made of its images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from torch import Tensor

from spectra.bench.contest.predictions import Predictions
from spectra.bench.contest.store import MODEL, Kept
from spectra.bench.contest.trials import Trial
from spectra.bench.fault import Fault
from spectra.bench.method import Judged, Method, faults_of
from spectra.data.open import Data, open_data
from spectra.data.pairs import Pair
from spectra.errors import SpectraError
from spectra.recipe.recipe import Recipe


@dataclass(kw_only=True)
class Written(Judged):
    """Whoever wrote predictions: they are read, one image at a time."""

    predictions: Predictions
    seed: int | None = None

    def predict(self, pair: Pair) -> Tensor:
        return self.predictions.predict(pair)


@dataclass
class Entry:
    """A row in the making."""

    trial: Trial
    seeds: list[int]
    found: list[Written] = field(default_factory=list)
    """One for each seed that came to predictions."""
    kept: list[Kept] = field(default_factory=list)
    failures: dict[int, str] = field(default_factory=dict)
    """Why other seeds did not."""
    notes: list[str] = field(default_factory=list)
    pace: Path | None = None
    """Where it is written down how many steps a time gives: as many for each seed."""

    @property
    def reasons(self) -> list[str]:
        """Each once, with its seeds where there are several."""
        found: dict[str, list[int]] = {}
        for seed, reason in self.failures.items():
            found.setdefault(reason, []).append(seed)
        return [f"{self._of(seeds)}{reason}" for reason, seeds in found.items()]

    def _of(self, seeds: Sequence[int]) -> str:
        if len(seeds) == len(self.seeds):
            return f"all {len(seeds)} seeds: " if len(seeds) > 1 else ""
        return f"{'seed' if len(seeds) == 1 else 'seeds'} {', '.join(map(str, seeds))}: "

    @property
    def model(self) -> Path | None:
        """A model of it, for what it costs."""
        return self.kept[0].folder / MODEL if self.kept else None


@dataclass
class Contest:
    """All of one task."""

    judge: Recipe
    data: Data
    entries: list[Entry]
    floors: list[Method] = field(default_factory=list)
    fallen: dict[str, Fault] = field(default_factory=dict)
    """Floors that have failed."""
    notes: list[str] = field(default_factory=list)

    @property
    def task(self) -> str:
        return self.judge.task

    @property
    def scored(self) -> list[Judged]:
        return [*(written for entry in self.entries for written in entry.found), *self.floors]

    @property
    def faults(self) -> dict[str, Fault]:
        """Of its metrics."""
        return faults_of(self.scored)


def data_of(recipe: Recipe, contest: Contest) -> Data:
    """A recipe may have data settings of its own; what it is scored on must be what all are scored on."""
    judge = contest.judge
    if (recipe.data, recipe.modalities) == (judge.data, judge.modalities):
        return contest.data
    own = open_data(recipe)
    _require_same_scales(own, contest.data)
    if own.test.identity() != contest.data.test.identity():
        raise SpectraError(
            f"Its recipe is judged on other images ({own.origin}) than the bench ({contest.data.origin}): give all the "
            "same data, such as by --data."
        )
    return own


def _require_same_scales(own: Data, shown: Data) -> None:
    for side in ("source", "target"):
        scales = [getattr(data.task, side).scale for data in (own, shown)]
        if scales[0] != scales[1]:
            raise SpectraError(
                f"Its recipe reads its {side} as `{scales[0]}`, and the bench as `{scales[1]}`: give all the same "
                f"scale, such as by --set 'data.{side}.scale={scales[1]}'."
            )


def learned_elsewhere(own: Data, contest: Contest) -> list[str]:
    if own is contest.data or own.train.identity() == contest.data.train.identity():
        return []
    return [f"It learned from other images than the others: {own.origin}."]
