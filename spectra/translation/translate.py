"""Images through a model, file by file: what `spectra translate` does."""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import torch

from spectra.data.formats import WRITABLE_BY_SUFFIX
from spectra.data.formats.header import Header
from spectra.data.pictures import fits
from spectra.devices import checked_device
from spectra.errors import DataError, ImageError, SpectraError
from spectra.modalities import Modality, Task
from spectra.model import Model, create, load
from spectra.model_folder import find_folder
from spectra.registry import registry
from spectra.translation.inputs import channels_of
from spectra.translation.intermediate import intermediates, refuse_mixed
from spectra.translation.passage import Passage
from spectra.translation.remarks import require_room
from spectra.translation.sources import Job, Source, find_sources, planned
from spectra.translation.stamp import identity, stamped

Told = Callable[[str, int, int], None]
DEPTHS = {"8": "uint8", "16": "uint16", "float": "float32"}
FORMATS = ("png", "tif", "npy")
THREADS = 4
LISTED = 5
MOMENT = 0.2
"""Seconds between two looks at how far the large images are."""


@dataclass
class Translated:
    """What became of the images."""

    task: str
    out: Path
    written: list[Path] = field(default_factory=list)
    skipped: list[Path] = field(default_factory=list)
    """Results that were there already, from an earlier call of the same work."""
    failed: list[tuple[Path, str]] = field(default_factory=list)
    """Sources without a result, each with the reason."""
    notes: list[str] = field(default_factory=list)
    """What was left out, replaced or cut off."""
    intermediates: dict[str, Translated] = field(default_factory=dict)
    """By name, what became of the images that the model makes on its way, where those were asked for."""


def translate(
    model: Model | Path | str,
    sources: Sequence[Path | str] | Path | str,
    out: Path | str,
    *,
    task: str | Task | None = None,
    preset: str | None = None,
    depth: str | int | None = None,
    format: str | None = None,
    georeference: bool = True,
    intermediate: bool = False,
    device: str | None = None,
    threads: int | None = None,
    progress: Told | None = None,
    **settings: Any,
) -> Translated:
    """Translate images by a model, the folder of a model or run, or a ready name, into the folder ``out``.

    ``sources`` are files, folders and glob patterns; names and trees are kept. ``depth`` is 8, 16 or "float" (by
    default as the model's targets were, else as the source is), ``format`` "png", "tif" or "npy" (by default as the
    source is). GeoTIFFs keep their place on the Earth, which needs the extra ``geo``; ``georeference=False`` leaves it
    out. ``intermediate``: what the model makes on its way is written too, into folders of their names in ``out``.
    Images that cannot be translated stand in ``failed``, and the others go on. The same call goes on where
    an earlier one was stopped. ``progress`` is told what is done, how far, and of how many::

        done = spectra.translate("runs/mine", "photos/", "infrared/", depth=16)
    """
    out = Path(out)
    results: set[Path] = set()
    found = find_sources([sources] if isinstance(sources, str | Path) else list(sources), out, results)
    ready = model_for(model, found, task, preset, settings)
    if device is not None or not isinstance(model, Model):
        ready.to(checked_device(device or "cpu"))
    made = {name: (part, out / name) for name, part in (intermediates(ready) if intermediate else {}).items()}
    left = [f"{str(folder)!r} holds results of `spectra translate`, and was left out." for folder in sorted(results)]
    manner = _Manner(found, depth, format, georeference, threads, progress)
    plans = [manner.planned(part, place) for part, place in [(ready, out), *made.values()]]
    refuse_mixed(plans[0].jobs, [place for _, place in made.values()])
    done, *others = [manner.carried_out(plan, left if plan is plans[0] else []) for plan in plans]
    done.intermediates = dict(zip(made, others, strict=True))
    return done


@dataclass(frozen=True)
class _Plan:
    """What goes where, before anything is written."""

    model: Model
    out: Path
    dtype: str | None
    suffixes: Suffixes
    jobs: Sequence[Job]


@dataclass(frozen=True)
class _Manner:
    """The same sources in the same way, through one model or several."""

    found: Sequence[Source]
    depth: str | int | None
    format: str | None
    georeference: bool
    threads: int | None
    progress: Told | None

    def planned(self, model: Model, out: Path) -> _Plan:
        dtype = dtype_for(self.depth, model)
        suffixes = Suffixes(self.format, dtype, model.task.target)
        return _Plan(model, out, dtype, suffixes, planned(self.found, out, suffixes))

    def carried_out(self, plan: _Plan, left: Sequence[str]) -> Translated:
        options = {
            "depth": plan.dtype or "as the source",
            "format": self.format or "as the source",
            "georeference": "as the source" if self.georeference else "left out",
        }
        done = Translated(str(plan.model.task), plan.out, notes=[*plan.model.notes, *plan.suffixes.notes, *left])
        what = identity(plan.model, options, [source.root for source in self.found])
        passage = Passage(plan.model, plan.dtype, chosen=self.depth is not None, georeference=self.georeference)
        with stamped(plan.out, what, done.notes, plan.jobs), passage.open():
            Series(plan.jobs, passage, done, self.progress).carry_out(threads_for(self.threads))
        return done


class Suffixes:
    """The suffix of a result by that of its source: its own where it can hold the result."""

    def __init__(self, format: str | None, dtype: str | None, target: Modality) -> None:
        if format not in (None, *FORMATS):
            raise SpectraError(f"There is no format {format!r}: choose {', '.join(FORMATS)}.")
        self.format, self.why_not_png = format, _why_not_png(dtype, target)
        if format == "png" and self.why_not_png:
            raise SpectraError(f"The results cannot be PNG files: {self.why_not_png}.")
        self.notes: list[str] = []

    def __call__(self, own: str) -> str:
        if self.format:
            return f".{self.format}"
        if own.lower() in WRITABLE_BY_SUFFIX and not (own.lower() == ".png" and self.why_not_png):
            return own
        if self.why_not_png:
            self._note(f"The results of {own} files are written as .tif: {self.why_not_png}.")
            return ".tif"
        self._note(f"The results of {own or 'nameless'} files are written as .png.")
        return ".png"

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


class Series:
    """The images one after the other, a few at a time, so that memory does not grow with their number."""

    def __init__(self, jobs: Sequence[Job], passage: Passage, done: Translated, told: Told | None) -> None:
        self.jobs, self.passage, self.done, self.told = jobs, passage, done, told
        self.waiting: deque[tuple[Job, Future[list[str]]]] = deque()
        self.remarks: Counter[str] = Counter()
        self.windows: SimpleQueue[tuple[str, int, int]] = SimpleQueue()
        """How far the large images are; told in the thread that the caller is in."""
        passage.told = (lambda *said: self.windows.put(said)) if told else None

    def carry_out(self, threads: int) -> None:
        # Each thread has an image of its own, and so one core.
        with ThreadPoolExecutor(threads, "spectra", initializer=torch.set_num_threads, initargs=(1,)) as pool:
            try:
                for job in self.jobs:
                    if not self._there(job):
                        self.waiting.append((job, pool.submit(self.passage, job)))
                    self._settle(2 * threads)
                self._settle(0)
            except BaseException:
                self.passage.stopped.set()
                pool.shutdown(wait=False, cancel_futures=True)  # those begun end whole or are given up, none begins
                raise
        self.done.notes += [f"{count} images {remark}." for remark, count in self.remarks.items()]

    def _there(self, job: Job) -> bool:
        if not os.path.lexists(job.output):
            return False
        try:
            changed = job.source.stat().st_mtime_ns > job.output.stat().st_mtime_ns
        except OSError as why:
            self._failed(job, f"{str(job.source)!r} or its result cannot be looked at: {why.strerror}.")
            return True
        if changed:
            again = f"It is newer than its result {str(job.output)!r}: remove that, or choose another --out."
            self._failed(job, f"The image {str(job.source)!r} has changed since it was translated. {again}")
        else:
            self.done.skipped.append(job.output)
            self._tell()
        return True

    def _settle(self, most: int) -> None:
        while len(self.waiting) > most:
            job, result = self.waiting.popleft()
            try:
                self.remarks.update(self._awaited(result))
            except ImageError as why:
                self._failed(job, str(why))
                continue
            self.done.written.append(job.output)
            self._tell()

    def _awaited(self, result: Future[list[str]]) -> list[str]:
        while self.told:
            ended = wait([result], timeout=MOMENT).done
            while not self.windows.empty():
                self.told(*self.windows.get())
            if ended:
                break
        return result.result()

    def _failed(self, job: Job, reason: str) -> None:
        self.done.failed.append((job.source, reason))
        self._tell()

    def _tell(self) -> None:
        if self.told:
            done = self.done
            self.told("Translating", len(done.written) + len(done.skipped) + len(done.failed), len(self.jobs))


def model_for(
    model: Model | Path | str,
    found: Sequence[Source],
    task: str | Task | None,
    preset: str | None,
    settings: dict[str, Any],
) -> Model:
    if isinstance(model, Model):
        if preset or settings or (task is not None and str(task) != str(model.task)):
            raise SpectraError(f"The model translates {model.task} with its own settings; give it no others.")
        ready = model.eval()
    elif task is not None or find_folder(model) is not None:
        ready = load(model, task, preset, **settings)
    else:
        ready = create(str(model), _task_of_files(str(model), found), preset, settings)
    if not ready.trained:
        raise SpectraError(
            f"{ready.name!r} is not trained, and its results would mean nothing. Fit or train it with "
            "`spectra run RECIPE`, and give the folder of that run in its place."
        )
    return ready


def _task_of_files(name: str, found: Sequence[Source]) -> Task:
    """A home task that the files fit; without home tasks, from what the first file shows to the same."""
    translator = registry("translators").get(name)
    homes = [Task.parse(home) for home in translator.home_tasks]
    faults: list[str] = []
    for source in found:
        try:
            channels = channels_of(source.path)
        except ImageError as why:
            faults.append(str(why))
            continue
        if not homes:
            shown = Modality.parse({1: "gray", 3: "rgb"}.get(channels, f"ms{channels}"))
            return Task(shown, shown)
        exact = (home for home in homes if home.source.channels == channels)
        if fitting := next(exact, next((home for home in homes if fits(channels, home.source)), None)):
            return fitting
        faults.append(f"{str(source.path)!r} has {channels} channels.")
    more = [f"... and {len(faults) - LISTED} more."] if len(faults) > LISTED else []
    made_for = f" for {name!r}, made for {' and '.join(map(str, homes))}; --task says another" if homes else ""
    raise DataError("\n  ".join([f"No image can be used{made_for}:", *faults[:LISTED], *more]))


def dtype_for(depth: str | int | None, model: Model) -> str | None:
    """The file type of the results; None: of each as its source has it."""
    if depth is None:
        return model.target_type
    if str(depth) not in DEPTHS:
        raise SpectraError(f"There is no depth {depth!r}: choose {', '.join(DEPTHS)}.")
    require_room(model.task.target.scale, DEPTHS[str(depth)])
    return DEPTHS[str(depth)]


def _why_not_png(dtype: str | None, target: Modality) -> str | None:
    try:
        WRITABLE_BY_SUFFIX[".png"].check(Header(1, 1, target.channels, dtype or "uint8"))
    except ImageError as why:
        return str(why).partition(": write")[0]
    return None


def threads_for(threads: int | None) -> int:
    if threads is not None and threads < 1:
        raise SpectraError(f"At least one thread is needed, not {threads}.")
    return threads or min(THREADS, os.cpu_count() or 1)
