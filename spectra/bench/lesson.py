"""The recipes of a plan on their way to models: where they learn, and what a stopped one goes on from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from spectra.bench.environment import described_data
from spectra.bench.harness import prepare, with_what_is_here
from spectra.bench.method import Method
from spectra.bench.names import file_names
from spectra.bench.needs import Needs, made_from
from spectra.bench.plan import Plan
from spectra.bench.teaching import Surroundings, what_matters
from spectra.bench.workplace import workplace
from spectra.bench.workshop import Workshop
from spectra.registry import registry
from spectra.training.world import World


@dataclass(frozen=True)
class Lesson:
    planned: Plan
    needs: Needs
    shop: Workshop

    @classmethod
    def of(cls, planned: Plan, needs: Needs, world: World) -> Lesson:
        identity = {
            "recipe": "\n".join(what_matters(recipe) for recipe in planned.recipes),
            "data": json.dumps(described_data(planned.data)),
            "model to begin with": json.dumps(made_from(planned.recipes, needs)),
            "number of processes": str(world.size),
        }
        return cls(planned, needs, Workshop(planned.folder, identity))

    @property
    def learns(self) -> bool:
        return any(registry("translators").get(recipe.translator).learns() for recipe in self.planned.recipes)

    @property
    def names(self) -> list[str]:
        """Names of folders, one for each row of a matrix; of a single recipe none."""
        recipes = self.planned.recipes
        return [""] if len(recipes) == 1 else file_names([recipe.row for recipe in recipes])

    @contextmanager
    def place(self, fresh: bool = False) -> Iterator[Path]:
        """The folder in which all is written: it takes the name of the plan's when the block ends well.

        What was learned until something failed stays in the workshop.
        """
        with workplace(self.planned.folder, fresh) as place:
            if self.learns:
                self.shop.enter(fresh)
            try:
                yield place
            except BaseException:
                self.shop.abandon()
                raise
        self.shop.leave()

    def taught(self, around: Surroundings, place: Path | None = None) -> list[Method]:
        """A method of each recipe; its model is saved as soon as there is one, where there is a place."""
        for recipe in self.planned.recipes:
            with_what_is_here(recipe, self.planned.data)  # what is missing is told before anything is learned
        methods = []
        for recipe, name in zip(self.planned.recipes, self.names, strict=True):
            folder = self.shop.of(name) if self.learns else None
            methods.append(prepare(recipe, self.planned.data, replace(around, folder=folder)))
            if place is not None:
                methods[-1].model.save(place / (f"models/{name}" if name else "model"))
        return methods
