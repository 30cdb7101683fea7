"""What a run would do, known before anything is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spectra.bench.needs import Options, needed, own_preset
from spectra.data.open import Data, open_data
from spectra.devices import checked_device
from spectra.errors import SpectraError
from spectra.recipe.load import load_experiment
from spectra.recipe.recipe import Recipe

METRICS_FILE, RECIPE_FILE, ENVIRONMENT_FILE = "metrics.json", "recipe.yaml", "environment.json"


@dataclass(frozen=True)
class Plan:
    """What a run would do."""

    recipes: tuple[Recipe, ...]
    text: str
    folder: Path
    data: Data
    device: str
    options: Options
    """As they were given: what of them the needed recipes are told is for these to say."""

    def described(self) -> dict[str, Any]:
        first = self.recipes[0]
        return {
            "folder": str(self.folder),
            "task": first.task,
            "data": self.data.origin,
            "device": self.device,
            "methods": [recipe.method for recipe in self.recipes],
            "floors": first.evaluate.floors,
            "metrics": list(first.evaluate.metrics),
            "needs": [str(file) for file in needed(self.recipes, self.options)],
            "finished": (self.folder / METRICS_FILE).is_file(),
        }

    def __str__(self) -> str:
        lines = [
            f"{name}: {', '.join(said) if isinstance(said, list) else said}"
            for name, said in self.described().items()
            if said != []
        ]
        return "\n".join(["Nothing was done. The plan:", *(f"  {line}" for line in lines)])


def plan(
    recipe: Path | str,
    *,
    data: Path | str | None = None,
    out: Path | str | None = None,
    sets: Sequence[str] = (),
    preset: str | None = None,
    device: str = "cpu",
    seed: int | None = None,
) -> Plan:
    """Check recipe, device, folder and data, and say what a run of them is."""
    device = checked_device(device)
    options = Options(data, tuple(sets), preset, device, seed)
    experiment = load_experiment(recipe, preset=own_preset(Path(recipe), options), sets=sets, data=data, seed=seed)
    refuse_twins(experiment.recipes)
    folder = Path(out) if out is not None else Path("runs") / experiment.recipes[0].name
    refuse_strange(folder)
    needed(experiment.recipes, options)  # a circle, or a need that cannot be used, is told before anything begins
    return Plan(experiment.recipes, experiment.text, folder, open_data(experiment.recipes[0]), device, options)


def refuse_strange(folder: Path) -> None:
    """A folder that holds anything but a run is not ours to touch."""
    if not folder.exists() or (folder / METRICS_FILE).is_file():
        return
    if not folder.is_dir():
        raise SpectraError(f"{str(folder)!r} is a file, not a folder. Choose another --out.")
    if any(folder.iterdir()):
        raise SpectraError(f"{str(folder)!r} exists and is not a run. Choose another --out.")
    if folder.resolve() == Path.cwd():
        raise SpectraError("The folder of a run takes its name when all is done: give a new folder as --out.")


def refuse_twins(recipes: Sequence[Recipe]) -> None:
    """Each row of a table has a name of its own."""
    twins = [name for name, count in Counter(recipe.method for recipe in recipes).items() if count > 1]
    if twins:
        raise SpectraError(f"Several rows of the matrix have the same name: {', '.join(map(repr, twins))}.")
