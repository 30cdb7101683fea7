"""A run: a folder in which a recipe was carried out, beside the floors."""

from __future__ import annotations

import csv
import io
import json
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from spectra.bench.counted import Told, silent
from spectra.bench.environment import described_data, environment
from spectra.bench.harness import evaluate, floors, floors_left_out, prepare
from spectra.bench.method import Method
from spectra.bench.names import file_names
from spectra.bench.needs import Needs, Options, carry_out_needs, made_from, needed, own_preset
from spectra.bench.report import write_report
from spectra.bench.samples import write_samples
from spectra.bench.scoring import resize_note
from spectra.bench.teaching import Surroundings, what_matters
from spectra.bench.workplace import workplace
from spectra.bench.workshop import Workshop
from spectra.data.atomic import write_text
from spectra.data.open import Data, open_data
from spectra.data.pairs import PairSet
from spectra.devices import checked_device
from spectra.errors import SpectraError
from spectra.metric import Score
from spectra.model_folder import plain
from spectra.recipe.load import load_experiment
from spectra.recipe.recipe import EvaluateSettings, Recipe
from spectra.registry import registry
from spectra.training.progress import Watcher
from spectra.training.world import World, joined

METRICS_FILE, RECIPE_FILE, ENVIRONMENT_FILE = "metrics.json", "recipe.yaml", "environment.json"
REMEDY = "A run is never written over: choose another --out, or set it aside with --fresh."


@dataclass(frozen=True)
class Run:
    """A finished run, and what it found."""

    folder: Path
    metrics: dict[str, Any]
    done_before: bool = False

    @property
    def methods(self) -> dict[str, Any]:
        found: dict[str, Any] = self.metrics["methods"]
        return found


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


def run(
    recipe: Path | str,
    *,
    data: Path | str | None = None,
    out: Path | str | None = None,
    sets: Sequence[str] = (),
    preset: str | None = None,
    device: str = "cpu",
    seed: int | None = None,
    fresh: bool = False,
    told: Told = silent,
    watchers: Sequence[Watcher] = (),
    said: Callable[[str], None] = lambda text: None,
    done: Mapping[Path, Path] | None = None,
) -> Run:
    """Carry a recipe out: fit or train, evaluate on the test split next to the floors, write samples and a report.

    What it needs is carried out first, beside it. ``done`` names such runs that are there: their folders by the files
    of their recipes.
    """
    planned = plan(recipe, data=data, out=out, sets=sets, preset=preset, device=device, seed=seed)
    with joined(planned.device) as (world, own):
        first = partial(run, watchers=watchers, said=said)
        needs = carry_out_needs(planned.recipes, planned.folder, planned.options, first, done=done, told=told)
        planned = replace(planned, device=own)
        shop = Workshop(planned.folder, _identity(planned, needs, world))
        there: Run | None = world.told(_there(planned, needs, shop) if world.first and not fresh else None)
        if there is not None:
            return replace(there, done_before=True)
        around = Surroundings(own, world=world, folder_of=lambda file: needs.folder(Path(file)))
        if not world.first:
            return Run(planned.folder, _learn_along(planned, around, shop))
        around = replace(around, told=told, watchers=tuple(watchers), said=said)
        metrics = _write(planned, Path(recipe), needs, around, shop, fresh)
        world.told(metrics)
    return Run(planned.folder, metrics)


def _there(planned: Plan, needs: Needs, shop: Workshop) -> Run | None:
    """The finished run, with all that is its own."""
    found = finished(planned, needs)
    if found is not None:
        shop.adopt()
    return found


def _write(
    planned: Plan, file: Path, needs: Needs, around: Surroundings, shop: Workshop, fresh: bool
) -> dict[str, Any]:
    """Carry out, and let the run take its name when all is written."""
    with workplace(planned.folder, fresh) as place:
        if _learns(planned):
            shop.enter(fresh)
        try:
            metrics = _carry_out(planned, place, needs, around, shop)
            write_text(place / RECIPE_FILE, planned.text)
            said = environment(file, planned.data, planned.device)
            write_text(place / ENVIRONMENT_FILE, _json({**said, "made_from": made_from(planned.recipes, needs)}))
            write_text(place / METRICS_FILE, _json(metrics))
            write_report(place, shop.folder if shop.entered else None)
        except BaseException:
            shop.abandon()
            raise
    shop.leave()
    return metrics


def _learn_along(planned: Plan, around: Surroundings, shop: Workshop) -> dict[str, Any]:
    """In all processes but the first, which alone evaluates and writes."""
    for recipe, folder in zip(planned.recipes, _folders(planned, shop), strict=True):
        prepare(recipe, planned.data, replace(around, folder=folder))
    metrics: dict[str, Any] = around.world.told(None)
    return metrics


def _identity(planned: Plan, needs: Needs, world: World) -> dict[str, str]:
    """What a stopped run must have in common with one that goes on from it."""
    return {
        "recipe": "\n".join(what_matters(recipe) for recipe in planned.recipes),
        "data": json.dumps(described_data(planned.data)),
        "model to begin with": json.dumps(made_from(planned.recipes, needs)),
        "number of processes": str(world.size),
    }


def _learns(planned: Plan) -> bool:
    return any(registry("translators").get(recipe.translator).learns() for recipe in planned.recipes)


def _folders(planned: Plan, shop: Workshop) -> list[Path | None]:
    """Where each method learns; nowhere, where none does."""
    learns = _learns(planned)
    return [shop.of(name) if learns else None for name in _rows(planned.recipes)]


def _rows(recipes: Sequence[Recipe]) -> list[str]:
    """Names of folders, one for each row of a matrix; of a single recipe none."""
    return [""] if len(recipes) == 1 else file_names([recipe.row for recipe in recipes])


def finished(planned: Plan, needs: Needs) -> Run | None:
    """The finished run of the very same recipe and data in its folder; a finished run of another is an error."""
    folder = planned.folder
    if not (folder / METRICS_FILE).is_file():
        return None
    try:
        metrics = json.loads((folder / METRICS_FILE).read_text(encoding="utf-8"))
        recipe = yaml.safe_load((folder / RECIPE_FILE).read_text(encoding="utf-8"))
        said = json.loads((folder / ENVIRONMENT_FILE).read_text(encoding="utf-8"))
        data, models = said["data"], said.get("made_from", [])
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as why:
        raise SpectraError(f"The run {str(folder)!r} is damaged: {why}. {REMEDY}") from None
    if recipe != yaml.safe_load(planned.text):
        raise SpectraError(f"{str(folder)!r} holds a finished run of another recipe or other settings. {REMEDY}")
    if data != described_data(planned.data):
        raise SpectraError(f"{str(folder)!r} holds a finished run of this recipe, and the data has changed. {REMEDY}")
    if models != made_from(planned.recipes, needs):
        raise SpectraError(
            f"{str(folder)!r} holds a finished run of this recipe, and the models that it begins with have changed. "
            f"{REMEDY}"
        )
    return Run(folder, metrics, done_before=True)


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


def _carry_out(planned: Plan, place: Path, needs: Needs, around: Surroundings, shop: Workshop) -> dict[str, Any]:
    recipes, data, settings, told = planned.recipes, planned.data, planned.recipes[0].evaluate, around.told
    look_through(data.test, told)
    methods = []
    for recipe, name, folder in zip(recipes, _rows(recipes), _folders(planned, shop), strict=True):
        methods.append(prepare(recipe, data, replace(around, folder=folder)))
        methods[-1].model.save(place / (f"models/{name}" if name else "model"))
    everyone = methods + _others(floors(recipes[0], data, told), methods)
    evaluate(everyone, data.test, settings, told)
    write_text(place / "scores.csv", _table_of_images(everyone, data))
    write_samples(place / "samples", methods, data.test, settings, told)
    return {
        "recipe": recipes[0].name,
        "task": recipes[0].task,
        "data": {"origin": data.origin, "scenes": data.from_scenes, "train": len(data.train), "test": len(data.test)},
        "scales": {"source": str(data.task.source.scale), "target": str(data.task.target.scale)},
        "notes": [
            *data.notes,
            *needs.notes,
            *floors_left_out(recipes[0], data),
        ],
        "methods": {
            **{m.name: {"seed": r.seed, **described(m, settings)} for m, r in zip(methods, recipes, strict=True)},
            **{floor.name: described(floor, settings) for floor in everyone[len(methods) :]},
        },
    }


def look_through(pairs: PairSet, told: Told) -> None:
    """Decode every image once: one that is damaged must not be found when hours of training are over."""
    for place in range(len(pairs)):
        pairs[place]
        told("look through the test images", place + 1, len(pairs))


def _others(found: Sequence[Method], methods: Sequence[Method]) -> list[Method]:
    """The floors, but one that is a method of the run already; a floor of the same name in other settings says so."""
    kept = []
    for floor in found:
        twin = next((method for method in methods if method.name == floor.name), None)
        if twin is None:
            kept.append(floor)
        elif twin.model.translator.settings != floor.model.translator.settings:
            kept.append(replace(floor, name=f"{floor.name} (as floor)"))
    return kept


def described(method: Method, settings: EvaluateSettings) -> dict[str, Any]:
    """One row of `metrics.json`."""
    return {
        "floor": method.floor,
        "translator": method.model.name,
        "preset": method.model.preset,
        "diagnostics": plain(method.model.diagnostics),
        "notes": list(method.model.notes),
        "scores": {name: _said(score, resize_note(settings, method.fitted)) for name, score in method.scores().items()},
    }


def _said(score: Score, note: str) -> dict[str, Any]:
    said = asdict(score)
    value = said.pop("value")
    if value is not None and not math.isfinite(value):
        said |= {"low": None, "high": None, "reason": score.reason or f"the value is {value}"}
        value = None
    return {"mean": value, **said, "signature": score.signature + note}


def _table_of_images(methods: Sequence[Method], data: Data) -> str:
    names = list(methods[0].metrics)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["method", "image", *names])
    for method in methods:
        for image, scores in zip(data.test.names, method.images, strict=True):
            writer.writerow(
                [method.name, image, *("" if scores[name] is None else repr(scores[name]) for name in names)]
            )
    return text.getvalue()


def _json(content: Any) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
