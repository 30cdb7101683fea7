"""Carries contests out: all that enter a task learn, predict, and are scored on the same images in one pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from spectra.bench.contest.anew import why_anew
from spectra.bench.contest.attempt import attempt
from spectra.bench.contest.budget import Budget
from spectra.bench.contest.contest import Contest, Entry, Written, data_of, learned_elsewhere
from spectra.bench.contest.matters import hashed, of_model, of_needs, of_recipe
from spectra.bench.contest.memory import memory_limit
from spectra.bench.contest.options import BenchOptions
from spectra.bench.contest.predictions import Predictions
from spectra.bench.contest.request import Request
from spectra.bench.contest.store import DIGITS, PREDICTIONS, Kept, note
from spectra.bench.contest.trials import Trial, seeds_of
from spectra.bench.counted import Told, silent
from spectra.bench.harness import evaluate, floors, floors_left_out
from spectra.bench.method import Method
from spectra.bench.names import file_names
from spectra.bench.needs import Options
from spectra.bench.run import look_through
from spectra.data.atomic import write_text
from spectra.data.open import Data, open_data
from spectra.errors import SpectraError
from spectra.recipe.recipe import Recipe


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
        found = floors(contest.judge, contest.data, self.told)  # first: what is wrong with them is soon known
        for entry in contest.entries:
            for seed in entry.seeds:
                self._attempt(contest, entry, seed)
        found.methods = contest.floors = list(_beside(found.methods, contest.entries))
        settings, data = contest.judge.evaluate, contest.data
        evaluate(contest.scored, data.test, settings, self.told, task=data.task, device=self.options.device)
        contest.floors = found.settle().methods
        named = {entry.trial.method for entry in contest.entries}
        contest.fallen = {name: fault for name, fault in found.faults.items() if name not in named}

    def _attempt(self, contest: Contest, entry: Entry, seed: int) -> None:
        """What cannot be done is a reason in the row; the others go on."""
        trial = entry.trial.with_seed(seed)
        try:
            predictions = self._predictions(contest, entry, trial)
        except (SpectraError, OSError) as why:
            entry.failures[seed] = str(why)
            return
        entry.found.append(Written(name=trial.method, predictions=predictions, seed=seed if trial.learns else None))

    def _predictions(self, contest: Contest, entry: Entry, trial: Trial) -> Predictions:
        """Found again, or made now."""
        if trial.kind == "predictions":
            below = trial.entrant.path / contest.task
            found = _read(below if below.is_dir() else trial.entrant.path, contest)
            entry.notes += found.notes
            return found
        data = data_of(trial.recipe, contest)
        kept = self._kept(trial, contest, data)
        entry.pace = entry.pace or kept.beside("pace")
        predictions = self._found(kept, trial, contest) or self._carried(kept, entry, trial, contest)
        entry.kept.append(kept)
        entry.notes += learned_elsewhere(data, contest)
        return predictions

    def _kept(self, trial: Trial, contest: Contest, data: Data) -> Kept:
        device, recipe = self.options.device, trial.recipe
        matters = (
            of_model(trial.entrant.path, data, device)
            if trial.kind == "model"
            else of_recipe(recipe, data, self._options_of(trial), device, self._budget(trial))
        )
        name = f"{trial.method}-{contest.task}" + (f"-seed{recipe.seed}" if trial.learns else "")
        return Kept(self.store, name, matters)

    def _found(self, kept: Kept, trial: Trial, contest: Contest) -> Predictions | None:
        """What was kept; where that is damaged it is set aside, and carried out anew."""
        if not kept.there:
            return None
        try:
            kept.require_whole()
            return _read(kept.folder / PREDICTIONS, contest)
        except SpectraError as why:
            aside = kept.set_aside()
            self.said(f"{trial.method}: {why} It is carried out again; what was there is now {str(aside)!r}.")
            return None

    def _budget(self, trial: Trial) -> Budget | None:
        return self.options.budget if trial.learns else None

    def _options_of(self, trial: Trial) -> Options:
        return replace(self.options.to_needs(trial.entrant.preset), seed=trial.recipe.seed)

    def _carried(self, kept: Kept, entry: Entry, trial: Trial, contest: Contest) -> Predictions:
        self.store.mkdir(parents=True, exist_ok=True)
        if reason := why_anew(kept):
            self.said(reason)
        failure = attempt(self._request(kept, entry, trial), self.memory, self.told, self.said)
        if failure is not None and failure.reason in entry.failures.values():  # of another seed, and told
            raise SpectraError(failure.reason)
        if failure is not None:
            self._note_trace(failure.reason, kept.folder.with_name(f"{kept.folder.name}.error.txt"), failure.trace)
            raise SpectraError(failure.reason)
        if not kept.there:
            raise SpectraError("Its process ended as if all were done, and left nothing: a plugin has ended it.")
        kept.require_whole()
        note(kept.beside("matters"), kept.matters)
        return _read(kept.folder / PREDICTIONS, contest)

    def tell_faults(self, contest: Contest) -> None:
        """What went wrong in this process, once all has been asked of metrics and floors."""
        whose = [("floor", contest.fallen), ("metric", contest.faults)]
        for what, name, fault in ((what, name, fault) for what, found in whose for name, fault in found.items()):
            file = self.store / f"{file_names([f'{what}-{name}-{contest.task}'])[0]}.error.txt"
            self._note_trace(f"The {what} {name!r} failed: {fault.reason}", file, fault.trace)

    def _note_trace(self, reason: str, file: Path, trace: str) -> None:
        if trace:
            with suppress(OSError):  # what went wrong is told anyway
                file.parent.mkdir(parents=True, exist_ok=True)
                write_text(file, trace)
                self.said(f"{reason} Where, is written in {str(file)!r}.")

    def _request(self, kept: Kept, entry: Entry, trial: Trial) -> Request:
        budget, options, model = self._budget(trial), self._options_of(trial), trial.kind == "model"
        needs = None if model else of_needs(trial.recipe, options)
        return Request(
            name=trial.method,
            recipe=trial.recipe,
            folder=kept.folder,
            device=self.options.device,
            model=trial.entrant.path if model else None,
            budget=None if budget is None else str(budget),
            pace=entry.pace,
            preset=options.preset,
            sets=tuple(options.sets),
            data=self.options.root,
            needs=self.store / f"needs-{hashed([needs, self.options.device])[:DIGITS]}" if needs else None,
        )


def _read(folder: Path, contest: Contest) -> Predictions:
    """Each is read once: what cannot be scored is known before anything is."""
    return Predictions.of(folder, list(contest.data.test.names), contest.data.task).checked(contest.data.test)


def _beside(found: Sequence[Method], entries: Sequence[Entry]) -> Iterator[Method]:
    """The floors, but those that enter by themselves; others of the same name do not hide them."""
    named = {entry.trial.method: entry for entry in entries}
    for floor in found:
        entry = named.get(floor.name)
        if entry is None:
            yield floor
        elif not _is(floor, entry):
            yield replace(floor, name=f"{floor.name} (as floor)")


def _is(floor: Method, entry: Entry) -> bool:
    recipe = entry.trial.recipe
    return (
        bool(entry.found)
        and entry.trial.kind == "translator"
        and recipe.translator == floor.model.name
        and recipe.settings == floor.model.translator.settings.model_dump(mode="json")
        and recipe.inference == Recipe.model_fields["inference"].default
    )
