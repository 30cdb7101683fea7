"""From the first step to the last: where training stands, what is saved of it, and how it goes on from there."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from itertools import islice
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from spectra.errors import SpectraError, Stopped, refuse_unknown
from spectra.stage import Batch, Stage
from spectra.training.averages import Average, averaged
from spectra.training.cadence import Cadence
from spectra.training.course import Course, Leg
from spectra.training.memory import not_finite, restore_tensors, tensors_of
from spectra.training.precision import tensor_cores
from spectra.training.prefetch import Feed, prefetched
from spectra.training.progress import Progress
from spectra.training.random_state import random_state, restore_random_state
from spectra.training.shortage import explained
from spectra.training.stopping import Wish, stoppable

if TYPE_CHECKING:
    from spectra.training.checkpoint import Checkpoint, Checkpoints
    from spectra.training.trainer import Terms, Trainer


class Loop:
    """Carries out the stages of a trainer's translator."""

    def __init__(self, trainer: Trainer, stages: Sequence[Stage], feed: Feed) -> None:
        self.trainer, self.stages, self.feed = trainer, stages, feed
        self.course = trainer.course = Course(stages, trainer.settings, feed)
        self.step, self.total = 0, 0
        """Steps taken in the present stage, and in all."""
        self.saved = -1
        """How many steps had been taken in all when it was last saved."""

    def resume(self) -> bool:
        """Go back to the newest checkpoint, if there is one."""
        found = self._newest()
        if found is None:
            return False
        self._return_to(found)
        for watcher in self.trainer.watchers:
            watcher.resumed(self.total)
        return True

    def _newest(self) -> Checkpoint | None:
        """The first process looks for it, and what is damaged out of the way; the others take the same."""
        checkpoints = self.trainer.checkpoints
        if checkpoints is None:
            return None
        return self._told_of(checkpoints, checkpoints.newest() if self.trainer.world.first else None)

    def _told_of(self, checkpoints: Checkpoints, found: Checkpoint | None) -> Checkpoint | None:
        path = self.trainer.world.told(None if found is None else found.path)
        return checkpoints.at(path) if path is not None and found is None else found

    def _return_to(self, checkpoint: Checkpoint) -> None:
        """Equip the players through the stages as before, so that all is in its place, then take the saved values."""
        state: Any = checkpoint.state()
        self.course.place, self.step, self.total = state["place"], state["step"], state["total"]
        for stage in self.stages[: self.course.place + 1]:
            self.trainer.prepare(stage)
        restore_tensors(tensors_of(self.trainer.translator, self.stages), state["tensors"])
        for name, saved in state["learners"].items():
            self.trainer.learners[name].restore(saved)
        if self.trainer.validate is not None:
            self.trainer.validate.restore(state["validation"])
        self.trainer.learned, self.trainer.notes = state["learned"], list(state["notes"])
        for player, terms in state["terms"].items():
            self.trainer.terms[player] = {(self.stages[place], name) for place, name in terms}
        own = state["processes"][self.trainer.world.rank]
        for stage, saved in zip(self.stages, own["stages"], strict=True):
            stage.restore(saved)
        restore_random_state(own["random"])
        self.saved = self.total

    def state(self) -> dict[str, Any]:
        """All that matters for what is still to come, between two steps."""
        trainer, place = self.trainer, {id(stage): place for place, stage in enumerate(self.stages)}
        own = {"stages": [dict(stage.state()) for stage in self.stages], "random": random_state()}
        return {
            "place": self.course.place,
            "step": self.step,
            "total": self.total,
            "tensors": tensors_of(trainer.translator, self.stages),
            "averages": self._averages_by_name(),
            "learners": {name: learner.state() for name, learner in trainer.learners.items()},
            "validation": trainer.validate.state() if trainer.validate else None,
            "learned": trainer.learned,
            "notes": trainer.notes,
            "terms": {
                player: sorted([place[id(stage)], name] for stage, name in terms)
                for player, terms in trainer.terms.items()
            },
            "processes": trainer.world.gathered(own),
        }

    def run(self) -> None:
        """From where it stands to the end; watchers are told in any case, so that nothing of theirs is lost."""
        try:
            self._run()
        finally:
            for watcher in self.trainer.watchers:
                watcher.closed()

    def _run(self) -> None:
        prepared = self.total > 0 or self.step > 0 or self.saved >= 0
        saving = Cadence(self.trainer.settings.checkpoint.every)
        with stoppable() if self.trainer.checkpoints else nullcontext(Wish()) as wish:
            for place in range(self.course.place, len(self.stages)):
                with explained():
                    if not prepared:
                        self.course.place, self.step = place, 0
                        self.trainer.prepare(self.stages[place])
                    self._leg(self.course.legs[place], wish, saving)
                prepared = False
            self._save(saving)
            if self._agreed(bool(wish))[0]:  # since the last step
                raise self._stopped(wish)
        self._choose_weights()

    def _leg(self, leg: Leg, wish: Wish, saving: Cadence) -> None:
        settings = self.trainer.settings
        accumulate: int = settings.of_stage("accumulate", leg.stage.name)
        looking = Cadence(settings.validation.every if settings.validation else 0)
        batches = prefetched(self.feed, leg.stage, leg.steps * accumulate, settings.workers, self.step * accumulate)
        with tensor_cores(settings.of_stage("precision", leg.stage.name)), batches as ready:
            began = time.monotonic()
            for together in _grouped(ready, accumulate):
                self._step(leg, together, began)
                began = time.monotonic()
                best = looking.due(leg, self.step) and self._validated(leg.stage)
                leave, due = self._agreed(bool(wish), saving.due(leg, self.step))
                if best or leave or due:
                    self._save(saving, best=best)
                if leave:
                    raise self._stopped(wish)

    def _step(self, leg: Leg, batches: Sequence[Batch], began: float) -> None:
        trainer = self.trainer
        wanted = any((self.total + 1) % watcher.every == 0 for watcher in trainer.watchers)
        terms = trainer.step(leg.stage, *batches, measure=wanted)
        self.step += 1
        self.total += 1
        if self.step == 1:
            legs = self.course.legs
            self._check_weights([leg.stage for at, leg in enumerate(legs) if at > self.course.place or not leg.steps])
            self._check_players(leg.stage, terms)
        progress = self._progress(leg, terms, time.monotonic() - began)
        for watcher in trainer.watchers:
            watcher.stepped(progress)

    def _progress(self, leg: Leg, terms: Terms, seconds: float) -> Progress:
        learners = {name: self.trainer.learners[name] for name in terms}
        return Progress(
            stage=leg.stage.name,
            step=self.step,
            steps=leg.steps,
            total=self.total,
            epoch=self.step / leg.epoch,
            terms=terms,
            weights=self.trainer.weights,
            rates={name: learner.lr for name, learner in learners.items()},
            norms={name: learner.norm for name, learner in learners.items()},
            skipped=tuple(name for name, learner in learners.items() if learner.skipped),
            seconds=seconds,
        )

    def _agreed(self, *wishes: bool) -> tuple[bool, ...]:
        """What any process wishes, all do: they must save and leave at the same step."""
        if self.trainer.world.size == 1:
            return wishes
        count = torch.tensor([float(wish) for wish in wishes], device=self.trainer.device)
        self.trainer.world.add_up([count])
        return tuple(bool(one) for one in count.tolist())

    def _check_weights(self, not_seen: Sequence[Stage]) -> None:
        """Refuse a weight for a term that no stage has, once every stage with its player has taken a step."""
        open_players = {name for stage in not_seen for name in stage.players}
        for player in self.trainer.weights.keys() - open_players:
            known = [name for _, name in self.trainer.terms.get(player, ())]
            refuse_unknown(f"term of the player {player!r}", self.trainer.weights[player], known)

    def _check_players(self, stage: Stage, told: Mapping[str, Mapping[str, float]]) -> None:
        """Refuse a stage that teaches nobody, and note a player that learns nothing in it."""
        silent = [name for name in stage.players if not told.get(name)]
        if len(silent) == len(stage.players):
            raise SpectraError(
                f"The stage {stage.name!r} has nothing to learn from: no term of a weight other than 0 for the "
                f"player {', '.join(map(repr, silent))}. Name a loss in the recipe, such as `losses: {{l1: 1}}`."
            )
        self.trainer.notes += [
            f"The player {name!r} learned nothing in the stage {stage.name!r}: it has no term of a weight other than 0."
            for name in silent
        ]

    def _validated(self, stage: Stage) -> bool:
        """Whether the weights, or their averages, are the best so far."""
        if self.trainer.validate is None:
            return False
        with averaged(self._averages()):
            found = self.trainer.validate(stage.name, self.total)
        for watcher in self.trainer.watchers:
            watcher.validated(found)
        return found.best

    def _save(self, saving: Cadence, *, best: bool = False) -> None:
        checkpoints, total = self.trainer.checkpoints, self.total
        saving.done()
        if checkpoints is None or (self.saved == total and not best):
            return
        state = self.state()
        if spoilt := not_finite(state["tensors"]):
            raise SpectraError(
                f"After step {total} some weights are not finite ({', '.join(spoilt[:3])}): nothing was saved of it. "
                "Lower `train.lr`, set `train.clip: 1`, or compute in `fp32`; the checkpoint before is untouched."
            )
        if self.trainer.world.first:
            stage = self.stages[self.course.place].name
            checkpoints.save({"stage": stage, "step": self.step, "total": total}, state, best=best)
        self.saved = total

    def _stopped(self, wish: Wish) -> Stopped:
        leg = self.course.legs[self.course.place]
        return Stopped(
            f"Stopped after step {self.step} of {leg.steps} of the stage {leg.stage.name!r}, and saved. "
            "The same command goes on from there.",
            wish.signal or 15,
        )

    def _choose_weights(self) -> None:
        """What the model is to have: the best of validation, or the last; in either case averages, where there are."""
        checkpoints = self.trainer.checkpoints
        if checkpoints is not None and self.trainer.world.first:
            checkpoints.finish()
        if (best := self._best()) is None:
            for average in self._averages():
                average.exchange()
            return
        state: Any = best.state()
        restore_tensors(tensors_of(self.trainer.translator, self.stages), {**state["tensors"], **state["averages"]})
        self.trainer.notes.append(f"The weights are those of step {state['total']}, the best in validation.")

    def _best(self) -> Checkpoint | None:
        """The best of validation, where that is to be chosen; the same in all processes."""
        checkpoints, validation, world = self.trainer.checkpoints, self.trainer.settings.validation, self.trainer.world
        if checkpoints is None or validation is None or validation.choose != "best":
            return None
        return self._told_of(checkpoints, checkpoints.best() if world.first else None)

    def _averages(self) -> list[Average]:
        return [learner.average for learner in self.trainer.learners.values() if learner.average is not None]

    def _averages_by_name(self) -> dict[str, Tensor]:
        """What the model would have in place of the weights of the same name."""
        values = {
            id(parameter): value
            for average in self._averages()
            for parameter, value in zip(average.parameters, average.values, strict=True)
        }
        tensors = tensors_of(self.trainer.translator, self.stages)
        return {name: values[id(tensor)] for name, tensor in tensors.items() if id(tensor) in values}


def _grouped(batches: Iterator[Batch], count: int) -> Iterator[list[Batch]]:
    while group := list(islice(batches, count)):
        yield group
