"""A suite carried out: recipe after recipe, the needs of several once; one that fails does not stop the others."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spectra.bench import table
from spectra.bench.counted import Told, silent
from spectra.bench.needs import (
    FINISHED,
    CarryOut,
    Options,
    heeds_preset,
    home_of,
    needed,
    not_passed,
    own_preset,
    said_of,
    translators_of,
)
from spectra.errors import SpectraError, did_you_mean
from spectra.recipe.load import Experiment, load_experiment
from spectra.recipe.recipe import Recipe
from spectra.recipe.suite import Suite
from spectra.registry import registry

if TYPE_CHECKING:
    from spectra.bench.run import Run


@dataclass(frozen=True)
class Step:
    """One recipe of a suite, or one that such a recipe needs."""

    file: Path
    folder: Path
    options: Options
    task: str
    methods: tuple[str, ...]
    needs: tuple[Path, ...]
    """The files of the recipes it needs, resolved."""
    member: bool
    """Whether the suite names it."""

    def described(self) -> dict[str, Any]:
        return {
            "recipe": str(self.file),
            "task": self.task,
            "methods": list(self.methods),
            "folder": str(self.folder),
            "needs": [str(file) for file in self.needs],
            "member": self.member,
            "finished": (self.folder / FINISHED).is_file(),
        }


@dataclass(frozen=True)
class SuitePlan:
    """What a suite would do, in order."""

    suite: Suite
    steps: tuple[Step, ...]
    notes: tuple[str, ...]

    def described(self) -> dict[str, Any]:
        steps = [step.described() for step in self.steps]
        return {"suite": self.suite.name, "recipes": steps, "notes": list(self.notes)}

    def __str__(self) -> str:
        lines = ["Nothing was done. The plan:", *(f"  {_told(step)}" for step in self.steps)]
        return "\n".join([*lines, *(f"Note: {note}" for note in self.notes)])


def _told(step: Step) -> str:
    needs = ", ".join(file.stem for file in step.needs)
    more = [f"needs {needs}"] * bool(needs) + ["needed by others alone"] * (not step.member)
    more += ["finished"] * (step.folder / FINISHED).is_file()
    return f"{step.folder}: {step.task} by {', '.join(step.methods)}" + (f" ({'; '.join(more)})" if more else "")


@dataclass(frozen=True)
class Outcome:
    """What became of a step: its run, or why there is none."""

    step: Step
    run: Run | None
    seconds: float
    reason: str = ""
    trace: str = ""
    """Of a fault that nobody foresaw."""

    def described(self) -> dict[str, Any]:
        done = self.run
        said = self.step.described() | {"finished": done is not None, "failed": self.reason or None}
        if done is None:
            return said
        found = {"done_before": done.done_before, "seconds": round(self.seconds, 3), "report": str(_report(done))}
        return said | found | {"metrics": done.metrics}


def plan_suite(
    suite: Suite,
    options: Options,
    out: Path | str | None = None,
    check: Callable[[Recipe], None] = lambda recipe: None,
) -> SuitePlan:
    """Check all recipes of a suite, and say in which order they and what they need are carried out, and where."""
    return _Planner(suite, options, Path("runs") if out is None else Path(out), check).plan()


class _Planner:
    def __init__(self, suite: Suite, options: Options, parent: Path, check: Callable[[Recipe], None]) -> None:
        self.suite, self.options, self.parent, self.check = suite, options, parent, check
        self.members = {file.resolve() for file in suite.recipes}
        self.steps: dict[Path, Step] = {}
        self.taken: dict[Path, Path] = {}
        self.notes: dict[str, None] = {}
        self.faults: dict[str, None] = {}

    def plan(self) -> SuitePlan:
        for file in self.suite.recipes:
            try:
                self._add(file)
            except SpectraError as why:
                self.faults[str(why) if str(file) in str(why) else f"{file}: {why}"] = None
        if self.faults:
            raise SpectraError("\n".join([f"The suite {self.suite.file} cannot be carried out.", *self.faults]))
        if self.options.preset and not any(step.options.preset for step in self.steps.values()):
            raise SpectraError(self._nobody_knows(self.options.preset))
        return SuitePlan(self.suite, tuple(self.steps.values()), tuple(self.notes))

    def _nobody_knows(self, preset: str) -> str:
        names = sorted({name for step in self.steps.values() for name in translators_of(step.file)})
        known = sorted({known for name in names for known in registry("translators").get(name).presets})
        told = f"No translator of the suite {self.suite.file} has a preset {preset!r}.{did_you_mean(preset, known)}"
        return f"{told}\nKnown: {', '.join(known) or 'none'}."

    def _add(self, file: Path) -> None:
        """After all that it needs."""
        if file.resolve() in self.steps:
            return
        options = self._options(file)
        experiment = _loaded(file, options)
        for recipe in experiment.recipes:
            self.check(recipe)
        needs = needed(experiment.recipes, options)
        for need in needs:
            self._add(need)
        self.steps[file.resolve()] = self._step(file, options, experiment, needs)

    def _options(self, file: Path) -> Options:
        """What a member is told: all of it, but for a preset that neither it nor what it needs has."""
        if file.resolve() not in self.members:
            said = self.options.passed_on(file)
        else:
            said = self.options if heeds_preset(file, self.options) else replace(self.options, preset=None)
        if said.preset != self.options.preset:
            self.notes[not_passed(file, self.options.preset)] = None
        return said

    def _step(self, file: Path, options: Options, experiment: Experiment, needs: Sequence[Path]) -> Step:
        first = experiment.recipes[0]
        home = home_of(file, self.parent, first.name, self.taken)
        methods = tuple(recipe.method for recipe in experiment.recipes)
        resolved = tuple(need.resolve() for need in needs)
        return Step(file, home, options, first.task, methods, resolved, file.resolve() in self.members)


def _loaded(file: Path, options: Options) -> Experiment:
    preset = own_preset(file, options)
    return load_experiment(file, preset=preset, sets=options.sets, data=options.data, seed=options.seed)


def run_suite(plan: SuitePlan, carry_out: CarryOut, *, fresh: bool = False, told: Told = silent) -> Iterator[Outcome]:
    """Carry out step after step, and yield what became of each as soon as it is known."""
    folders: dict[Path, Path] = {}
    for step in plan.steps:
        missing = [need.stem for need in step.needs if need not in folders]
        if missing:
            reason = f"it was not carried out, as {' and '.join(missing)}, which it needs, failed"
            yield Outcome(step, None, 0.0, reason)
            continue
        outcome = _outcome(step, carry_out, folders, fresh and step.member, told)
        if outcome.run is not None:
            folders[step.file.resolve()] = outcome.run.folder
        yield outcome


def _outcome(step: Step, carry_out: CarryOut, folders: Mapping[Path, Path], fresh: bool, told: Told) -> Outcome:
    def of_it(what: str, so_far: int, of_all: int) -> None:
        told(f"{step.folder.name}: {what}", so_far, of_all)

    known = {"done": {need: folders[need] for need in step.needs}} if step.needs else {}
    started = time.perf_counter()
    try:
        done = carry_out(step.file, **said_of(step.options), out=step.folder, fresh=fresh, told=of_it, **known)
        return Outcome(step, done, time.perf_counter() - started)
    except (SpectraError, OSError) as why:
        return Outcome(step, None, time.perf_counter() - started, str(why))
    except Exception as why:  # a plugin may raise anything; a night's other runs must not be lost by it
        trace = "".join(traceback.format_exception(why))
        return Outcome(step, None, time.perf_counter() - started, f"{type(why).__name__}: {why}", trace)


def summary(outcomes: Sequence[Outcome]) -> str:
    """One line a recipe: its best method and the best floor by the first metric, the time and the report."""
    header = ["recipe", "task", "method", "score", "best floor", "seconds", "report"]
    lines = [header, *(_row(outcome) for outcome in outcomes)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    padded = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
    return "\n".join(line.rstrip() for line in padded)


def _row(outcome: Outcome) -> list[str]:
    step, done = outcome.step, outcome.run
    if done is None:
        return [step.file.stem, step.task, ", ".join(step.methods), "failed", "", "", ""]
    own, floor = (_best(done.metrics, floor=floor) for floor in (False, True))
    name = next(iter(table.metrics_of(done.metrics)), "")
    score = f"{table.heading(done.metrics, name)} {_mean(done.metrics, own, name)}" if name else ""
    against = f"{floor} {_mean(done.metrics, floor, name)}" if name and floor else ""
    seconds = "done before" if done.done_before else f"{outcome.seconds:.1f}"
    return [step.file.stem, step.task, own, score, against, seconds, str(_report(done))]


def _best(metrics: Mapping[str, Any], *, floor: bool) -> str:
    return next((name for name, said in table.ranked(metrics) if bool(said["floor"]) is floor), "")


def _mean(metrics: Mapping[str, Any], method: str, metric: str) -> str:
    score = metrics["methods"][method]["scores"][metric]
    return "not scored" if score["mean"] is None else table.mean(score, table.decimals(metrics, metric))


def _report(done: Run) -> Path:
    return done.folder / "report.html"
