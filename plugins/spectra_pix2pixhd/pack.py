"""Results of several runs as one archive that the challenge takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from spectra import Model, SpectraError, load, translate
from spectra_pix2pixhd.pack_archive import refuse_taken, take_name, write_archive
from spectra_pix2pixhd.pack_check import Checked, check
from spectra_pix2pixhd.pack_inputs import inputs_of
from spectra_pix2pixhd.pack_readme import NAME, Readme
from spectra_pix2pixhd.pack_tasks import TASKS

Told = Callable[[str, int, int], None]
LISTED = 5


@dataclass
class Part:
    """One task of an archive: what translates it, what is translated, and what came of it."""

    run: str
    model: Model
    images: Sequence[Path]
    notes: list[str] = field(default_factory=list)
    written: list[Path] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def task(self) -> str:
        return str(self.model.task)


@dataclass(frozen=True)
class Packed:
    """An archive that was written, and what was found when it was looked at again."""

    out: Path
    checked: Checked
    readme: Readme
    notes: list[str]


def pack(
    runs: Sequence[str],
    inputs: Sequence[str],
    out: Path,
    *,
    device: str = "cpu",
    format: str = "png",
    description: str = "",
    extra_data: bool = False,
    told: Told | None = None,
) -> Packed:
    """Translate the inputs of each task by its run, and write all results and `readme.txt` as one archive.

    ``runs`` are folders of runs or models, or ready names; each stands for the task that its model translates.
    ``inputs`` is a folder with a sub-folder for each task, or `TASK=FOLDER`, several of them.
    """
    refuse_taken(out)
    parts = _parts(runs, inputs)
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        with TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as place:
            for part in parts:
                _translate(part, Path(place) / part.task, device, format, told)
            readme = _readme(parts, device, description, extra_data)
            write_archive(Path(place) / "archive.zip", _members(parts, readme))
            checked = check(Path(place) / "archive.zip", {part.task: part.images for part in parts})
            if checked.faults:  # a fault of ours: what is written here is right, or is not written
                raise SpectraError("\n".join(["The archive would not be valid:", *checked.faults]))
            take_name(Path(place) / "archive.zip", out)
    except OSError as why:
        raise SpectraError(f"Cannot write {str(out)!r}: {why.strerror or why}.") from why
    notes = [f"{part.task}: {note}" for part in parts for note in part.notes]
    return Packed(out, replace(checked, path=out), readme, [*notes, *checked.notes])


def _parts(runs: Sequence[str], inputs: Sequence[str]) -> list[Part]:
    """One for each run, in the order of the challenge; whatever is wrong is said before anything is translated."""
    models: dict[str, tuple[str, Model]] = {}
    for run in runs:
        model = load(run)
        task = str(model.task)
        if task not in TASKS:
            raise SpectraError(f"{run!r} translates {task}, which is no task of the challenge: {', '.join(TASKS)}.")
        if task in models:
            raise SpectraError(f"{models[task][0]!r} and {run!r} both translate {task}. Give one run for a task.")
        models[task] = (run, model)
    found = inputs_of(inputs, list(models))
    return [Part(*models[task], *found[task]) for task in TASKS if task in models]


def _translate(part: Part, folder: Path, device: str, format: str, told: Told | None) -> None:
    size = TASKS[part.task].size
    if part.model.inference.output not in (None, size):
        part.notes.append(f"{part.run!r} makes images of another size; here they are of {size[0]}×{size[1]}.")
    part.model.inference = replace(part.model.inference, output=size)

    def of_it(what: str, done: int, total: int) -> None:
        if told:
            told(part.task, done, total)

    started = time.perf_counter()
    done = translate(
        part.model,
        part.images,
        folder,
        depth=8,
        format=format,
        georeference=False,
        device=device,
        progress=of_it,
    )
    part.seconds = time.perf_counter() - started
    if done.failed:
        raise SpectraError(_failures(part, [reason for _, reason in done.failed]))
    part.written, part.notes = done.written, [*part.notes, *done.notes]


def _failures(part: Part, reasons: Sequence[str]) -> str:
    more = [f"... and {len(reasons) - LISTED} more."] if len(reasons) > LISTED else []
    first = f"{len(reasons)} of {len(part.images)} images of {part.task} cannot be translated, and nothing was written:"
    return "\n  ".join([first, *reasons[:LISTED], *more])


def _readme(parts: Sequence[Part], device: str, description: str, extra_data: bool) -> Readme:
    """The time is measured: reading, translating and writing, over all images of all tasks."""
    count = sum(len(part.written) for part in parts)
    seconds = sum(part.seconds for part in parts)
    told = [
        f"{part.task} by {part.model.name}, {len(part.written)} images, {part.seconds / len(part.written):.4g} s each"
        for part in parts
    ]
    said = "; ".join(
        [*([description] if description.strip() else []), f"Spectra {version('spectra-translate')}", *told]
    )
    return Readme(seconds / count, device == "cpu", extra_data, f"{said}.")


def _members(parts: Sequence[Part], readme: Readme) -> Iterator[tuple[str, bytes]]:
    for part in parts:
        for path in part.written:
            yield f"{part.task}/{path.name}", path.read_bytes()
    yield NAME, readme.text().encode()
