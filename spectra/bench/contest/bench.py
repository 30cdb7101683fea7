"""A bench: methods against methods on the same images, in one folder that a second call adds to."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from spectra.bench.contest.contest import Contest
from spectra.bench.contest.costs import costs_of
from spectra.bench.contest.demonstration import demonstrated
from spectra.bench.contest.demonstration import told as told_of_demonstration
from spectra.bench.contest.disk import written_to
from spectra.bench.contest.entrants import Entrant, entrants
from spectra.bench.contest.memory import watches_memory
from spectra.bench.contest.options import BenchOptions
from spectra.bench.contest.rows import lines_of, rows_of
from spectra.bench.contest.steward import Steward
from spectra.bench.contest.trials import Trial, deaf, home_tasks, judge_of, overruled, trials_of
from spectra.bench.counted import Told, silent
from spectra.bench.environment import LIBRARIES, git_state, hardware, versions
from spectra.bench.fault import failed
from spectra.bench.gallery import write_gallery
from spectra.bench.method import Judged
from spectra.bench.page.bench_page import write_page
from spectra.bench.published import check_named, published_of
from spectra.bench.results.file import read_result, result_of
from spectra.bench.results.files import written
from spectra.bench.results.result import Result
from spectra.bench.statistics.pairs import TEST, PairResult
from spectra.bench.statistics.reach import remarks
from spectra.data.lock import held
from spectra.data.open import open_data
from spectra.devices import checked_device
from spectra.errors import DataError, SpectraError
from spectra.metrics.pbvs_combined import combined_of
from spectra.recipe.recipe import Recipe

KEPT = "kept"
BENCH = "bench.json"


@dataclass(frozen=True)
class TaskPlan:
    """One task, by what it is judged, and who enters."""

    judge: Recipe
    trials: tuple[Trial, ...]
    notes: tuple[str, ...] = ()

    @property
    def task(self) -> str:
        return self.judge.task


@dataclass(frozen=True)
class BenchPlan:
    """What a bench would do."""

    options: BenchOptions
    folder: Path
    tasks: tuple[TaskPlan, ...]
    general: tuple[str, ...]
    """What is to be said of no task more than of another."""

    @property
    def notes(self) -> tuple[str, ...]:
        return (*self.general, *(note for it in self.tasks for note in it.notes))

    def described(self) -> dict[str, Any]:
        tasks = {
            it.task: {"methods": [trial.method for trial in it.trials], "floors": it.judge.evaluate.floors}
            for it in self.tasks
        }
        said = {"folder": str(self.folder), "tasks": tasks, "seeds": self.options.seeds, "notes": list(self.notes)}
        return {**said, "budget": None if self.options.budget is None else str(self.options.budget)}

    def as_json(self) -> str:
        return json.dumps(self.described(), indent=2)

    def __str__(self) -> str:
        lines = [f"  {it.task}: {', '.join(trial.method for trial in it.trials)}" for it in self.tasks]
        notes = [f"Note: {note}" for note in self.notes]
        return "\n".join(["Nothing was done. The plan:", *lines, f"  folder: {self.folder}", *notes])


@dataclass(frozen=True)
class Bench:
    """A finished bench, and what it found."""

    folder: Path
    result: Result
    broken: tuple[tuple[str, str], ...] = ()
    """Metrics that raised, each with its task."""

    @property
    def failed(self) -> list[str]:
        """Methods without scores and metrics that raised, each with its task."""
        rows = [row for row in self.result.rows if row.error is not None and not row.scores]
        return failed([(row.method, row.task) for row in rows], self.broken)

    @property
    def text(self) -> str:
        """All of `bench.json`."""
        return (self.folder / BENCH).read_text(encoding="utf-8")


def plan(options: BenchOptions, out: Path | str | None = None) -> BenchPlan:
    """Who enters which task. Whatever cannot be is told before anything begins."""
    options = replace(options, device=checked_device(options.device))
    folder = Path(out) if out is not None else Path("bench")
    _refuse_strange(folder)
    check_named(options.published)
    options = demonstrated(options, entrants(options.methods, options.preset))
    named = entrants(options.methods, options.preset)
    tasks = list(dict.fromkeys(options.tasks)) or home_tasks(named, options)
    if not tasks:
        raise SpectraError("Folders of predictions do not say what they show: name the task, such as --tasks rgb2nir.")
    found, general = [], list(_notes(named, options))
    for task in tasks:
        judge = judge_of(task, named, options)
        if (fault := _no_data(judge)) and options.tasks:
            raise SpectraError(f"The task {task}: {fault}")
        if fault:
            general.append(f"The task {task} is left out: {fault}")
            continue
        trials = tuple(trials_of(task, named, judge, options))
        absent = [one.name for one in named if not any(trial.entrant is one for trial in trials)]
        notes = [f"{name} does not enter {task}: it was made for other tasks." for name in absent]
        found.append(TaskPlan(judge, trials, (*notes, *overruled(task, named, options))))
    if not found or (not options.tasks and not any(it.trials for it in found)):
        notes = [note for it in found for note in it.notes]
        raise SpectraError("\n".join(["No task is left to enter.", *general, *notes]))
    return BenchPlan(options, folder, tuple(found), tuple(general))


def _notes(named: Sequence[Entrant], options: BenchOptions) -> Iterator[str]:
    if options.demonstration:
        yield told_of_demonstration(options)
    for name in deaf(named, options):
        yield f"{name} has no preset {options.preset!r}, and enters as it is."
    if options.memory is not None and not watches_memory():
        yield "This system does not tell how much memory a process holds: --memory is not watched."


def _no_data(judge: Recipe) -> str:
    """Why the data cannot show a task. A task that was named must be shown; of home tasks, those that can be."""
    try:
        open_data(judge)
    except DataError as why:
        return str(why)
    return ""


def bench(
    options: BenchOptions,
    out: Path | str | None = None,
    *,
    told: Told = silent,
    said: Callable[[str], None] = lambda text: None,
) -> Bench:
    """Carry a plan out; what an earlier bench in the same folder has kept is not done again."""
    planned = plan(options, out)
    with ExitStack() as ours:
        ours.enter_context(written_to(planned.folder))
        planned.folder.mkdir(parents=True, exist_ok=True)
        try:
            ours.enter_context(held(planned.folder / ".lock"))
        except BlockingIOError:
            raise SpectraError(
                f"Another bench is at work in {str(planned.folder)!r}. Wait, or choose another --out."
            ) from None
        return _carried_out(planned, told, said)


def _carried_out(planned: BenchPlan, told: Told, said: Callable[[str], None]) -> Bench:
    if planned.options.demonstration:
        said(told_of_demonstration(planned.options))
    steward = Steward(planned.options, planned.folder / KEPT, told, said)
    contests = [steward.contest(it.judge, it.trials) for it in planned.tasks]
    named = planned.options.published
    papers = {it.task: published_of(it.data.layout, named, it.task) for it in contests}  # what is amiss is told first
    rows: list[dict[str, Any]] = []
    pairs: list[PairResult] = []
    for contest in contests:
        steward.carry_out(contest)
        own, compared = rows_of(contest)
        steward.tell_faults(contest)
        costs = costs_of(contest, planned.options, planned.folder / KEPT, told)
        rows += [{**row, "cost": costs.get(row["method"])} for row in own]
        rows += papers[contest.task]
        pairs += compared
    result = result_of(
        {
            "version": 1,
            "protocol": _protocol(planned, contests, pairs),
            "rows": rows,
            "pairs": [pair.described() for pair in pairs],
            "combined": combined_of(rows),
        }
    )
    if (aside := _set_aside(planned.folder, result)) is not None:
        said(f"An earlier bench in this folder has rows that this one has not: it is now {str(aside)!r}.")
    written(planned.folder, result, [line for contest in contests for line in lines_of(contest)])
    for contest in contests:  # last: they take most room, and no number depends on them
        _gallery(planned.folder, contest, told)
    write_page(planned.folder)
    broken = ((metric, contest.task) for contest in contests for metric in contest.faults)
    return Bench(planned.folder, result, tuple(broken))


def _protocol(planned: BenchPlan, contests: Sequence[Contest], pairs: Sequence[PairResult]) -> dict[str, Any]:
    options, first = planned.options, planned.tasks[0].judge
    own = {"python": platform.python_version(), **versions(LIBRARIES)}
    seeds = sorted({seed for contest in contests for entry in contest.entries for seed in entry.seeds})
    return {
        "command": [_program(), *sys.argv[1:]],
        "spectra": own["spectra-translate"],
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "environment": {"versions": own, "git": git_state(Path.cwd()), "hardware": hardware(options.device)},
        "device": options.device,
        "preset": options.preset,
        "budget": None if options.budget is None else str(options.budget),
        "seeds": seeds,
        "metrics": _shared([it.judge.evaluate.metrics for it in planned.tasks]),
        "confidence": 0.95,
        "test": TEST,
        "gallery_metric": next(iter(first.evaluate.metrics), None),
        "tasks": {
            it.task: _task(it, [pair for pair in pairs if pair.task == it.task], said.notes)
            for it, said in zip(contests, planned.tasks, strict=True)
        },
        "notes": list(planned.general),
    }


def _shared(metrics: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Those that all tasks have in the same settings."""
    first, *others = metrics
    return {name: said for name, said in first.items() if all(own.get(name) == said for own in others)}


def _program() -> str:
    """What a person would type: `python -m spectra` runs a file of another name."""
    name = Path(sys.argv[0]).name
    return "spectra" if name == "__main__.py" else name


def _task(contest: Contest, pairs: Sequence[PairResult], notes: Sequence[str]) -> dict[str, Any]:
    data = contest.data
    about: dict[str, Any] = {
        "origin": data.origin,
        "scenes": data.from_scenes,
        "train": len(data.train),
        "test": len(data.test),
    }
    scales = {"source": str(data.task.source.scale), "target": str(data.task.target.scale)}
    about["identity"] = sha256(data.test.identity().encode()).hexdigest()
    metrics = contest.judge.evaluate.metrics
    return {"data": about, "scales": scales, "metrics": metrics, "notes": [*notes, *contest.notes, *remarks(pairs)]}


def _gallery(folder: Path, contest: Contest, told: Told) -> None:
    """Of several seeds the first."""
    shown: dict[str, Judged] = {}
    for one in contest.scored:
        shown.setdefault(one.name, one)
    metric = next(iter(contest.judge.evaluate.metrics), None)
    if metric is not None and shown:
        settings, test = contest.judge.evaluate, contest.data.test
        write_gallery(folder, contest.task, list(shown.values()), test, settings, metric, told)


def _refuse_strange(folder: Path) -> None:
    """A folder that holds anything but a bench is not ours to write into."""
    if not folder.exists() or (folder / BENCH).is_file() or (folder / KEPT).is_dir():
        return
    if not folder.is_dir():
        raise SpectraError(f"{str(folder)!r} is a file, not a folder. Choose another --out.")
    if any(path.name != ".lock" for path in folder.iterdir()):
        raise SpectraError(f"{str(folder)!r} exists and is not a bench. Choose another --out.")


def _set_aside(folder: Path, result: Result) -> Path | None:
    """Rows that an earlier bench has and this one has not are not lost: its `bench.json` and table keep a name."""
    if not (folder / BENCH).is_file():
        return None
    try:
        before = read_result(folder)
    except SpectraError:
        lost = True  # damaged: whatever it said stays where a person can look at it
    else:
        lost = bool(set(_named(before)) - set(_named(result)))
    if not lost:
        return None
    number = 1
    while (aside := folder / f"bench.old{number}.json").exists():
        number += 1
    return (folder / BENCH).rename(aside)


def _named(result: Result) -> Iterator[tuple[str, str, str | None]]:
    """Those with scores: what failed before and is done now has not lost anything."""
    for row in result.rows:
        if row.scores:
            yield row.task, row.method, row.id
