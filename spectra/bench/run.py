"""A run: a folder in which a recipe was carried out, beside the floors."""

from __future__ import annotations

import csv
import io
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from spectra.bench.environment import environment
from spectra.bench.harness import Method, Told, evaluate, floors, prepare, resize_note, silent
from spectra.bench.report import write_report
from spectra.bench.samples import write_samples
from spectra.data.atomic import write_text
from spectra.data.open import Data, open_data
from spectra.devices import checked_device
from spectra.errors import SpectraError
from spectra.recipe.load import load_experiment
from spectra.recipe.recipe import Recipe

METRICS_FILE, RECIPE_FILE = "metrics.json", "recipe.yaml"


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
            "finished": (self.folder / METRICS_FILE).is_file(),
        }

    def __str__(self) -> str:
        lines = [
            f"{name}: {', '.join(said) if isinstance(said, list) else said}" for name, said in self.described().items()
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
    """Check recipe, device and data, and say what a run of them is."""
    experiment = load_experiment(recipe, preset=preset, sets=sets, data=data, seed=seed)
    folder = Path(out) if out is not None else Path("runs") / experiment.recipes[0].name
    return Plan(experiment.recipes, experiment.text, folder, open_data(experiment.recipes[0]), checked_device(device))


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
) -> Run:
    """Carry a recipe out: fit or train, evaluate on the test split next to the floors, write samples and a report."""
    planned = plan(recipe, data=data, out=out, sets=sets, preset=preset, device=device, seed=seed)
    folder = planned.folder
    if not fresh and (done := finished(folder, planned.text)):
        return done
    refuse_strange(folder)
    with _workplace(folder, fresh) as place:
        metrics = _carry_out(planned.recipes, planned.data, place, planned.device, told)
        write_text(place / RECIPE_FILE, planned.text)
        write_text(place / "environment.json", _json(environment(Path(recipe), planned.data, planned.device)))
        write_text(place / METRICS_FILE, _json(metrics))
        write_report(place)
    return Run(folder, metrics)


def finished(folder: Path, text: str) -> Run | None:
    """The finished run of the very same recipe in that folder; a finished run of another one is an error."""
    if not (folder / METRICS_FILE).is_file():
        return None
    if (folder / RECIPE_FILE).is_file() and (folder / RECIPE_FILE).read_text(encoding="utf-8") == text:
        return Run(folder, json.loads((folder / METRICS_FILE).read_text(encoding="utf-8")), done_before=True)
    raise SpectraError(
        f"{str(folder)!r} holds a finished run of another recipe or other settings, and a run is never written over. "
        "Choose another --out, or set the old run aside with --fresh."
    )


def refuse_strange(folder: Path) -> None:
    """A folder that holds anything but a run is not ours to touch."""
    strange = (
        folder.exists() and not (folder / METRICS_FILE).is_file() and (not folder.is_dir() or any(folder.iterdir()))
    )
    if strange:
        raise SpectraError(f"{str(folder)!r} exists and is not a run. Choose another --out.")


@contextmanager
def _workplace(folder: Path, fresh: bool) -> Iterator[Path]:
    """A folder beside the run's, which takes its name only when all is done; an old run is set aside, not removed."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(prefix=f".{folder.name}.unfinished.", dir=folder.parent))
    except OSError as why:
        raise SpectraError(f"Cannot write the run {str(folder)!r}: {why.strerror}.") from None
    try:
        yield place
        place.chmod(0o755)
        if fresh and folder.exists():
            folder.rename(_aside(folder))
        place.rename(folder)
    except OSError as why:
        raise SpectraError(f"Cannot write the run {str(folder)!r}: {why.strerror or why}.") from why
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _aside(folder: Path) -> Path:
    number = 1
    while (aside := folder.with_name(f"{folder.name}.old{number}")).exists():
        number += 1
    return aside


def _carry_out(recipes: Sequence[Recipe], data: Data, place: Path, device: str, told: Told) -> dict[str, Any]:
    methods = [prepare(recipe, data, device, told) for recipe in recipes]
    for recipe, method in zip(recipes, methods, strict=True):
        method.model.save(place / "model" if len(methods) == 1 else place / "models" / _file_name(recipe.row))
    everyone = methods + floors(recipes[0], data, told)
    settings = recipes[0].evaluate
    evaluate(everyone, data.test, settings, device, told)
    write_text(place / "scores.csv", _table_of_images(everyone, data))
    write_samples(place / "samples", methods, data.test, settings, device)
    return {
        "recipe": recipes[0].name,
        "task": recipes[0].task,
        "seed": recipes[0].seed,
        "data": {"origin": data.origin, "scenes": data.from_scenes, "train": len(data.train), "test": len(data.test)},
        "methods": {method.name: _described(method, resize_note(settings)) for method in everyone},
    }


def _described(method: Method, note: str) -> dict[str, Any]:
    scores = {}
    for name, score in method.scores().items():
        said = asdict(score)
        scores[name] = {"mean": said.pop("value"), **said, "signature": score.signature + note}
    return {
        "floor": method.floor,
        "translator": method.model.name,
        "preset": method.model.preset,
        "diagnostics": method.model.translator.diagnostics(),
        "notes": list(method.model.notes),
        "scores": scores,
    }


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


def _file_name(row: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "=.-" else "_" for letter in row)


def _json(content: Any) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
