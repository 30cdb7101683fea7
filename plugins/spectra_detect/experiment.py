"""The experiment from the first scene to the table: what is done is kept, and the same call goes on from there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from spectra import SpectraError
from spectra_detect.arms import ARMS, GENERATED, SOURCE, Arm, refuse_unequal, require_room
from spectra_detect.drawing import draw
from spectra_detect.files import LOCK, alone, clear, read_json, write_json, write_text
from spectra_detect.generator import RECIPE, Generator
from spectra_detect.images import LabelledImages
from spectra_detect.lesson import Lesson
from spectra_detect.needs import load_packages
from spectra_detect.notes import notes, said
from spectra_detect.results import Judge, Judged, counted
from spectra_detect.scenes import paired_names, write_splits
from spectra_detect.settings import Settings
from spectra_detect.splits import TEST, TEST_SOURCE, Splits, open_splits
from spectra_detect.table import markdown

Told = Callable[[str, int, int], None]
EXPERIMENT, RESULTS, TABLE, PICTURES, DATA = "experiment.json", "results.json", "table.md", "pictures", "data"
TOLD = ("steps", "in_a_batch", "loss", "seconds", "weights")
MAY_CHANGE = ("name", "seeds", "evaluation")
"""What does not decide the weights: more seeds can be added, and all can be judged anew."""


def silent(what: str, done: int, total: int) -> None:
    """Tell nobody."""


def run(settings: Settings, out: Path | str, *, device: str = "cpu", told: Told = silent) -> dict[str, Any]:
    """Carry the experiment out in the folder ``out``; the content of its ``results.json``."""
    load_packages()
    require_room(settings.learning)
    folder = Path(out)
    with alone(folder):
        _require_same(folder, settings)
        clear(folder)
        return _carried_out(settings, folder, device, told)


def _carried_out(settings: Settings, folder: Path, device: str, told: Told) -> dict[str, Any]:
    root = Path(settings.data.root) if settings.data.root is not None else None
    generator = Generator(folder, settings, root, device, told)
    generator.check()
    write_json(folder / EXPERIMENT, _identity(settings))
    splits = _splits(settings, folder, root)
    sets = {**splits.sets, GENERATED: generator.generated(splits.labelled)}
    lessons = [Lesson(folder / f"seed{seed}", settings, sets, seed, told, device) for seed in range(settings.seeds)]
    rows_of_seeds = [{arm.name: lesson.learned(arm) for arm in ARMS} for lesson in lessons]
    for rows in rows_of_seeds:
        refuse_unequal({name: row["steps"] for name, row in rows.items()})
    results = _judged(settings, splits, sets, lessons, told)
    results["learned"] = [
        {name: {key: row[key] for key in TOLD} for name, row in rows.items()} for rows in rows_of_seeds
    ]
    _write(folder, results, splits.test, lessons[0])
    return results


def _splits(settings: Settings, folder: Path, root: Path | None) -> Splits:
    if root is not None:
        return open_splits(root, settings)
    scenes = settings.data.scenes
    paired = paired_names(scenes) if settings.generator.model is None else set()
    return open_splits(write_splits(folder / DATA, settings.task, scenes), settings, paired)


def _judged(
    settings: Settings, splits: Splits, sets: dict[str, LabelledImages], lessons: list[Lesson], told: Told
) -> dict[str, Any]:
    judge = Judge(splits.test, settings.evaluation)
    found = {arm: _all(judge, arm, lessons, TEST, told) for arm in ARMS}
    results: dict[str, Any] = {
        "name": settings.name,
        "task": settings.task,
        "said": said(settings),
        "classes": list(settings.labels.classes),
        "arms": {arm.name: judge.of_arm(rows) for arm, rows in found.items()},
        "differences": judge.differences(found),
        "splits": {name: counted(images) for name, images in sets.items()},
        "notes": notes(settings, splits),
        "settings": settings.model_dump(mode="json"),
    }
    if splits.test_source is not None:
        home = Judge(splits.test_source, settings.evaluation)
        results["at_home"] = home.of_arm(_all(home, SOURCE, lessons, TEST_SOURCE, told))
    return results


def _all(judge: Judge, arm: Arm, lessons: list[Lesson], split: str, told: Told) -> list[Judged]:
    """The arm with every seed."""
    found: list[Judged] = []
    for lesson in lessons:
        found.append(judge.judged(lesson.detections(arm, split)))
        told(f"judge {arm.name} on {split}", len(found), len(lessons))
    return found


def _write(folder: Path, results: dict[str, Any], test: LabelledImages, lesson: Lesson) -> None:
    found = {arm.name: lesson.detections(arm, TEST) for arm in ARMS}
    draw(test, found, folder / PICTURES, lesson.settings.evaluation.pictures)
    write_json(folder / RESULTS, results)
    write_text(folder / TABLE, markdown(results))


def _identity(settings: Settings) -> dict[str, Any]:
    """What decides the weights."""
    said = settings.model_dump(mode="json", exclude=set(MAY_CHANGE))
    said["data"]["root"] = None if settings.data.root is None else str(Path(settings.data.root).resolve())
    return said


def _require_same(folder: Path, settings: Settings) -> None:
    """A folder is that of one experiment; only what leaves the weights alone may change."""
    path = folder / EXPERIMENT
    if path.is_file():
        if read_json(path) != _identity(settings):
            raise SpectraError(
                f"{str(folder)!r} holds another experiment, or this one with other settings. Choose another --out."
            )
    elif strange := sorted({path.name for path in folder.iterdir()} - {LOCK, RECIPE}):
        raise SpectraError(f"{str(folder)!r} holds {strange[0]!r}, which is no experiment's. Choose another --out.")
