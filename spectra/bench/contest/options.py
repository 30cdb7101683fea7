"""What a person says of a bench."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spectra.bench.contest.budget import Budget
from spectra.bench.needs import Options
from spectra.recipe.layers import parse_assignment

SCENES = "scenes"
"""As ``--data``: the built-in scenes, whatever recipes say."""
LEARNING = ("data", "modalities")
"""What of a recipe all that enter a task have in common."""
JUDGING = (*LEARNING, "evaluate")
"""And by what they are judged."""


@dataclass(frozen=True)
class BenchOptions:
    methods: tuple[str, ...]
    tasks: tuple[str, ...] = ()
    data: str | None = None
    preset: str | None = None
    budget: Budget | None = None
    seeds: int = 1
    seed: int | None = None
    """The first of them; without it, that of the recipe, which is 0 where it says none."""
    metrics: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    device: str = "cpu"
    memory: float | None = None
    """GiB that a method may hold while it learns and predicts."""
    cost: bool = True
    published: tuple[str, ...] = ()
    """Data sets of which the papers' numbers are shown too, by name: that the data is one of them, a person says."""
    demonstration: bool = False
    """Whether preset and budget are not a person's, but those of a demonstration."""

    @property
    def root(self) -> Path | None:
        return None if self.data in (None, SCENES) else Path(str(self.data))

    @property
    def recipe_sets(self) -> tuple[str, ...]:
        """What is laid over every recipe: all but how it is judged, which is the same for all."""
        return tuple(said for said in self._sets if _first(said) != "evaluate")

    @property
    def judging_sets(self) -> tuple[str, ...]:
        """What of it concerns the data and the judgement."""
        return tuple(said for said in self._sets if _first(said) in JUDGING)

    @property
    def _sets(self) -> tuple[str, ...]:
        scenes = ("data.root=null",) if self.data == SCENES else ()
        return (*scenes, *self.sets)

    def said(self) -> dict[str, Any]:
        """What a recipe is loaded with."""
        return {"sets": self.recipe_sets, "data": self.root, "seed": self.seed}

    def to_needs(self, preset: str | None) -> Options:
        """The same for whoever looks after the recipes that recipes need."""
        return Options(self.root, self.recipe_sets, preset, self.device, self.seed)


def _first(said: str) -> str | int:
    return parse_assignment(said)[0][0]
