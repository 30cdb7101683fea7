"""A run: a folder in which a recipe was carried out, beside the floors."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from spectra.bench.counted import Told, silent
from spectra.bench.environment import described_data, environment
from spectra.bench.fault import failed
from spectra.bench.gallery import write_gallery_of_run
from spectra.bench.harness import evaluate, floors, floors_left_out
from spectra.bench.lesson import Lesson
from spectra.bench.method import Method, faults_of, without_terms
from spectra.bench.needs import Needs, carry_out_needs, made_from
from spectra.bench.plan import ENVIRONMENT_FILE, METRICS_FILE, RECIPE_FILE, Plan, plan
from spectra.bench.report import write_report
from spectra.bench.results.csv_text import csv_text
from spectra.bench.samples import write_samples
from spectra.bench.scoring import resize_note
from spectra.bench.teaching import Surroundings
from spectra.data.atomic import write_text
from spectra.data.open import Data
from spectra.data.pairs import PairSet
from spectra.errors import SpectraError
from spectra.metric import Score
from spectra.model_folder import plain
from spectra.recipe.recipe import EvaluateSettings
from spectra.training.progress import Watcher
from spectra.training.world import joined

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

    @property
    def failed(self) -> list[str]:
        """Floors without scores and metrics that raised, each with its task; a run of before does not say it."""
        found: list[str] = self.metrics.get("failed", [])
        return found


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
        lesson = Lesson.of(replace(planned, device=own), needs, world)
        there: Run | None = world.told(_there(lesson) if world.first and not fresh else None)
        if there is not None:
            return replace(there, done_before=True)
        around = Surroundings(own, world=world, folder_of=lambda file: needs.folder(Path(file)))
        if not world.first:  # the first one alone evaluates and writes
            lesson.taught(around)
            return Run(planned.folder, world.told(None))
        around = replace(around, told=told, watchers=tuple(watchers), said=said)
        metrics = _write(lesson, Path(recipe), around, fresh)
        world.told(metrics)
    return Run(planned.folder, metrics)


def _there(lesson: Lesson) -> Run | None:
    """The finished run, with all that is its own."""
    found = finished(lesson.planned, lesson.needs)
    if found is not None:
        lesson.shop.adopt()
    return found


def _write(lesson: Lesson, file: Path, around: Surroundings, fresh: bool) -> dict[str, Any]:
    """Carry out, and let the run take its name when all is written."""
    planned, shop = lesson.planned, lesson.shop
    with lesson.place(fresh) as place:
        metrics = _carry_out(lesson, place, around)
        write_text(place / RECIPE_FILE, planned.text)
        said = environment(file, planned.data, planned.device)
        said["made_from"] = made_from(planned.recipes, lesson.needs)
        write_text(place / ENVIRONMENT_FILE, _json(said))
        write_text(place / METRICS_FILE, _json(metrics))
        write_report(place, shop.folder if shop.entered else None)
    return metrics


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


def _carry_out(lesson: Lesson, place: Path, around: Surroundings) -> dict[str, Any]:
    planned, told = lesson.planned, around.told
    recipes, data, settings = planned.recipes, planned.data, planned.recipes[0].evaluate
    look_through(data.test, told)
    methods = lesson.taught(around, place)
    standing = floors(recipes[0], data, told)
    standing.methods = _others(standing.methods, methods)
    evaluate([*methods, *standing.methods], data.test, settings, told, task=data.task, device=planned.device)
    everyone = [*methods, *standing.settle().methods]
    write_text(place / "scores.csv", _table_of_images(everyone, data))
    write_samples(place / "samples", methods, data.test, settings, told)
    write_gallery_of_run(place, recipes[0].task, everyone, data.test, settings, told)
    said = described(everyone, settings)
    for method, recipe in zip(methods, recipes, strict=True):
        said[method.name] = {"seed": recipe.seed, **said[method.name]}
    task = recipes[0].task
    broken = [(metric, task) for metric in faults_of(everyone)]
    return {
        "recipe": recipes[0].name,
        "task": task,
        "data": {"origin": data.origin, "scenes": data.from_scenes, "train": len(data.train), "test": len(data.test)},
        "scales": {"source": str(data.task.source.scale), "target": str(data.task.target.scale)},
        "notes": [
            *data.notes,
            *lesson.needs.notes,
            *floors_left_out(recipes[0], data),
            *standing.told(),
        ],
        "methods": said,
        "failed": failed([(floor, task) for floor in standing.faults], broken),
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


def described(methods: Sequence[Method], settings: EvaluateSettings) -> dict[str, dict[str, Any]]:
    """The rows of `metrics.json`, all with the same columns: a method whose metric failed says nothing of its terms."""
    scores = {method.name: method.scores() for method in methods}
    columns = {name: score for own in scores.values() for name, score in own.items()}
    lacking = {name: without_terms(score) for name, score in columns.items()}
    return {method.name: _row(method, lacking | scores[method.name], settings) for method in methods}


def _row(method: Method, scores: Mapping[str, Score], settings: EvaluateSettings) -> dict[str, Any]:
    return {
        "floor": method.floor,
        "translator": method.model.name,
        "preset": method.model.preset,
        "diagnostics": plain(method.model.diagnostics),
        "notes": list(method.model.notes),
        "scores": {name: _said(score, resize_note(settings, method.fitted)) for name, score in scores.items()},
    }


def _said(score: Score, note: str) -> dict[str, Any]:
    said = asdict(score)
    return {"mean": said.pop("value"), **said, "signature": score.signature + note}


def _table_of_images(methods: Sequence[Method], data: Data) -> str:
    names = list(methods[0].metrics)
    lines = [["method", "image", "group", *names]]
    for method in methods:
        for image, group, scores in zip(data.test.names, method.groups, method.images, strict=True):
            values = (scores[name] for name in names)
            lines.append([method.name, image, group, *("" if value is None else repr(value) for value in values)])
    return csv_text(lines)


def _json(content: Any) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
