"""What the floors score on a data set: what any method must beat there, before one is chosen."""

from __future__ import annotations

from typing import Any

from spectra.bench.counted import Told, silent
from spectra.bench.harness import evaluate, floors, floors_left_out
from spectra.bench.run import described
from spectra.data.open import open_data
from spectra.recipe.recipe import Recipe


def floor_scores(recipe: Recipe, told: Told = silent) -> dict[str, Any]:
    """What `metrics.json` of a run would say of the recipe's floors."""
    data = open_data(recipe)
    found = floors(recipe, data, told)
    evaluate(found.methods, data.test, recipe.evaluate, told, task=data.task)
    found.settle()
    return {
        "task": recipe.task,
        "data": {"origin": data.origin, "scenes": False, "train": len(data.train), "test": len(data.test)},
        "scales": {"source": str(data.task.source.scale), "target": str(data.task.target.scale)},
        "notes": [*data.notes, *floors_left_out(recipe, data), *found.told()],
        "methods": described(found.methods, recipe.evaluate),
    }
