"""One task of a bench: all that enter it learn, predict, and are scored on the same images in one pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from torch import Tensor

from spectra.bench.contest.attempt import Failure, attempt, memory_limit
from spectra.bench.contest.budget import Budget
from spectra.bench.contest.options import BenchOptions
from spectra.bench.contest.predictions import Predictions
from spectra.bench.contest.request import Request
from spectra.bench.contest.store import MODEL, PREDICTIONS, Kept, matters_of
from spectra.bench.contest.trials import Trial, seeds_of
from spectra.bench.counted import Told, silent
from spectra.bench.harness import evaluate, floors, floors_left_out
from spectra.bench.method import Judged, Method
from spectra.bench.needs import Options, promised
from spectra.bench.run import look_through
from spectra.bench.teaching import what_matters
from spectra.data.open import Data, open_data
from spectra.data.pairs import Pair
from spectra.errors import SpectraError
from spectra.model_folder import DESCRIPTION, find_folder
from spectra.recipe.recipe import Recipe


@dataclass(kw_only=True)
class Written(Judged):
    """Whoever wrote predictions: they are read, one image at a time."""

    predictions: Predictions
    seed: int | None = None

    def predict(self, pair: Pair) -> Tensor:
        return self.predictions.predict(pair)


@dataclass
class Entry:
    """A row in the making."""

    trial: Trial
    seeds: list[int]
    found: list[Written] = field(default_factory=list)
    """One for each seed that came to predictions."""
    kept: list[Kept] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    """Why other seeds did not."""

    @property
    def model(self) -> Path | None:
        """A model of it, for what it costs."""
        return self.kept[0].folder / MODEL if self.kept else None


@dataclass
class Contest:
    """All of one task."""

    judge: Recipe
    data: Data
    entries: list[Entry]
    floors: list[Method] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def task(self) -> str:
        return self.judge.task

    @property
    def scored(self) -> list[Judged]:
        return [*(written for entry in self.entries for written in entry.found), *self.floors]


class Steward:
    """Carries contests out, in a folder that keeps what was learned."""

    def __init__(
        self,
        options: BenchOptions,
        store: Path,
        told: Told = silent,
        said: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.options, self.store, self.told, self.said = options, store, told, said
        limit = options.memory
        self.memory = memory_limit() if limit is None else int(limit * 2**30)

    def contest(self, judge: Recipe, trials: Sequence[Trial]) -> Contest:
        data = open_data(judge)
        look_through(data.test, self.told)
        entries = [Entry(trial, seeds_of(trial, self.options.seeds)) for trial in trials]
        return Contest(judge, data, entries, notes=[*data.notes, *floors_left_out(judge, data)])

    def carry_out(self, contest: Contest) -> None:
        for entry in contest.entries:
            for seed in entry.seeds:
                self._attempt(contest, entry, seed)
        contest.floors = _apart(floors(contest.judge, contest.data, self.told), contest.entries)
        settings, data = contest.judge.evaluate, contest.data
        evaluate(contest.scored, data.test, settings, self.told, task=data.task, device=self.options.device)

    def _attempt(self, contest: Contest, entry: Entry, seed: int) -> None:
        """What cannot be done is a reason in the row; the others go on."""
        try:
            folder, by_chance = self._predictions(contest, entry, seed)
            predictions = Predictions.of(folder, list(contest.data.test.names), contest.data.task)
            predictions.check(contest.data.test)
        except (SpectraError, OSError) as why:
            entry.failures.append(_of_seed(entry, seed, str(why)))
            return
        entry.found.append(Written(name=entry.trial.method, predictions=predictions, seed=seed if by_chance else None))

    def _predictions(self, contest: Contest, entry: Entry, seed: int) -> tuple[Path, bool]:
        """Where they are, and whether a seed had a part in them."""
        trial = entry.trial.with_seed(seed)
        if trial.kind == "predictions":
            below = trial.entrant.path / contest.task
            return below if below.is_dir() else trial.entrant.path, False
        require_same_images(trial.recipe, contest)
        kept = self._kept(contest, trial)
        if kept.done is None and (failure := self._carried(trial, kept)):
            raise SpectraError(failure.reason)
        entry.kept.append(kept)
        return kept.folder / PREDICTIONS, trial.learns

    def _kept(self, contest: Contest, trial: Trial) -> Kept:
        device, recipe = self.options.device, trial.recipe
        if trial.kind == "model":
            folder = find_folder(trial.entrant.path)
            assert folder is not None
            what = (folder / DESCRIPTION).read_text(encoding="utf-8")  # with the hash of its weights
            translator = ""
        else:
            what = "\n".join([what_matters(recipe), *promised(recipe, self._options_of(trial))])
            translator = recipe.translator
        budget = self._budget(trial)
        name = f"{trial.method}-{contest.task}" + (f"-seed{recipe.seed}" if trial.learns else "")
        return Kept(self.store, name, matters_of(what, contest.data, translator, device, budget))

    def _budget(self, trial: Trial) -> Budget | None:
        return self.options.budget if trial.learns else None

    def _options_of(self, trial: Trial) -> Options:
        said = self.options
        return Options(said.root, said.recipe_sets, trial.entrant.preset, said.device, trial.recipe.seed)

    def _carried(self, trial: Trial, kept: Kept) -> Failure | None:
        options, budget = self._options_of(trial), self._budget(trial)
        request = Request(
            name=trial.method,
            recipe=trial.recipe,
            folder=kept.folder,
            device=self.options.device,
            model=trial.entrant.path if trial.kind == "model" else None,
            budget=None if budget is None else str(budget),
            pace=kept.beside("pace"),
            preset=options.preset,
            sets=tuple(options.sets),
            data=self.options.root,
        )
        self.store.mkdir(parents=True, exist_ok=True)
        return attempt(request, self.memory, self.told, self.said)


def require_same_images(recipe: Recipe, contest: Contest) -> None:
    """A recipe may have data settings of its own; what it is scored on must be what all are scored on."""
    if recipe.data == contest.judge.data:
        return
    own = open_data(recipe)
    if own.test.identity() != contest.data.test.identity():
        raise SpectraError(
            f"Its recipe is judged on other images ({own.origin}) than the bench ({contest.data.origin}): give all the "
            "same data, such as by --data."
        )


def _of_seed(entry: Entry, seed: int, reason: str) -> str:
    return reason if len(entry.seeds) == 1 else f"seed {seed}: {reason}"


def _apart(found: Sequence[Method], entries: Sequence[Entry]) -> list[Method]:
    """The floors, but those that enter by themselves."""
    return list(_not_entered(found, {entry.trial.method for entry in entries}))


def _not_entered(found: Sequence[Method], names: set[str]) -> Iterator[Method]:
    for floor in found:
        if floor.name not in names:
            yield floor
