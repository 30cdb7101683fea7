"""The gallery of a task: chosen test images, and what every method made of them, as files."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from spectra.bench.counted import Told, silent
from spectra.bench.gallery_choice import MOST, Choice, choose
from spectra.bench.gallery_pictures import Stretch, error_look, error_map
from spectra.bench.method import Judged
from spectra.bench.names import file_names
from spectra.bench.scoring import fitted, resized
from spectra.data.atomic import write_text
from spectra.data.images import write_image
from spectra.data.pairs import Pair, PairSet
from spectra.errors import SpectraError
from spectra.recipe.recipe import EvaluateSettings

FOLDER = "gallery"
FILE = "gallery.json"


def write_gallery(
    folder: Path,
    task: str,
    methods: Sequence[Judged],
    test: PairSet,
    settings: EvaluateSettings,
    metric: str,
    told: Told = silent,
    most: int = MOST,
) -> Path:
    """Write `gallery/TASK/`: the worst, the median and the best image of every scored method by `metric`, as PNG, and
    `gallery.json`, which says what they are; at most so many. What was there before is replaced."""
    _require(metric, methods)
    place = folder / FOLDER / file_names([task])[0]
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    choices = _choices(methods, metric, most)
    images = []
    for count, choice in enumerate(choices, start=1):
        images.append(_write_image(place, choice, test[choice.place], methods, settings))
        told("gallery", count, len(choices))
    said = {"version": 1, "task": task, **_about(methods, metric, choices), "images": images}
    write_text(place / FILE, json.dumps(said, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    return place


def write_gallery_of_run(
    folder: Path,
    task: str,
    methods: Sequence[Judged],
    test: PairSet,
    settings: EvaluateSettings,
    told: Told = silent,
) -> None:
    """That of a run: `evaluate.samples` images for each of its methods, by the first metric that scores single ones."""
    own = [method for method in methods if not method.floor]
    if settings.metrics and settings.samples and own:
        of_images = (name for name in settings.metrics if any(image.get(name) is not None for image in own[0].images))
        metric = next(of_images, next(iter(settings.metrics)))
        write_gallery(folder, task, methods, test, settings, metric, told, min(MOST, settings.samples * len(own)))


def _require(metric: str, methods: Sequence[Judged]) -> None:
    known = list(dict.fromkeys(name for method in methods for name in method.metrics))
    if metric not in known:
        raise SpectraError(
            f"The gallery is to be chosen by {metric!r}, which is not scored here. Scored are: {', '.join(known)}."
        )


def _choices(methods: Sequence[Judged], metric: str, most: int) -> list[Choice]:
    values = {method.name: [scores.get(metric) for scores in method.images] for method in methods}
    better = methods[0].metrics[metric].better
    return choose(values, better, {method.name for method in methods if method.floor}, most)


def _about(methods: Sequence[Judged], metric: str, choices: Sequence[Choice]) -> dict[str, Any]:
    judge = methods[0].metrics[metric]
    note = f"{metric} has no score of single images, so these are spread evenly over the test images."
    return {
        "metric": metric,
        "better": judge.better,
        "unit": judge.unit,
        "methods": [{"name": method.name, "floor": method.floor} for method in methods],
        "notes": [] if any(choice.reasons for choice in choices) else [note],
    }


def _write_image(
    folder: Path, choice: Choice, pair: Pair, methods: Sequence[Judged], settings: EvaluateSettings
) -> dict[str, Any]:
    judged = resized(pair, settings.resize)
    source, target = Stretch.of(judged.source), Stretch.of(judged.target)
    name = f"{choice.place:04d}"
    write_image(folder / f"{name}_source.png", source.draw(judged.source.pixels, judged.source.valid))
    write_image(folder / f"{name}_target.png", target.draw(judged.target.pixels, judged.target.valid))
    return {
        "place": choice.place,
        "name": pair.name,
        "group": pair.group,
        "size": list(judged.target.pixels.shape[-2:]),
        "why": [{"method": why.method, "what": why.what, "value": why.value} for why in choice.reasons],
        "source": {"file": f"{name}_source.png", **source.look(judged.source, judged.source.valid).said()},
        "target": {"file": f"{name}_target.png", **target.look(judged.target, judged.target.valid).said()},
        "error": error_look(judged.target, judged.valid).said(),
        "methods": _write_predictions(folder, choice.place, pair, judged, methods, target),
    }


def _write_predictions(
    folder: Path, place: int, pair: Pair, judged: Pair, methods: Sequence[Judged], stretch: Stretch
) -> dict[str, Any]:
    """Of each method, its prediction at the target's size and in the target's colours, and its error."""
    found = {}
    for method, safe in zip(methods, file_names([method.name for method in methods]), strict=True):
        prediction = fitted(method.predict(pair), judged)
        files = {"prediction": f"{place:04d}_prediction_{safe}.png", "error": f"{place:04d}_error_{safe}.png"}
        write_image(folder / files["prediction"], stretch.draw(prediction, judged.target.valid))
        write_image(folder / files["error"], error_map(prediction, judged.target, judged.valid))
        found[method.name] = {**files, "scores": _plain(method.images[place])}
    return found


def _plain(scores: Mapping[str, float | None]) -> dict[str, float | None]:
    return {name: None if value is None or not math.isfinite(value) else float(value) for name, value in scores.items()}
