"""The trainer: equips the players of a stage, and takes their steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch._functorch import config as functorch

from spectra.data.pairs import Pair
from spectra.errors import SpectraError, refuse_unknown
from spectra.loss import Loss
from spectra.nn.sync_batch_norm import synchronise
from spectra.recipe.train import TrainSettings
from spectra.stage import Batch, Player, Stage, Update
from spectra.training.backward import Ready, StaleGraph, backward, fault_of, number_fault
from spectra.training.course import Course
from spectra.training.learner import Learner, Manner, refuse_other_optimizer
from spectra.training.loop import Loop
from spectra.training.memory import tensors_of
from spectra.training.memory_format import channels_last, follow, lay_out
from spectra.training.pages import keep_pages
from spectra.training.precision import computing, scaler_for, without_effect
from spectra.training.prefetch import Feed
from spectra.training.progress import Validate, Watcher
from spectra.training.recompute import keep, recompute
from spectra.training.rehearsal import refuse_unknown_words
from spectra.training.schedules import Position
from spectra.training.world import World
from spectra.translator import Translator

if TYPE_CHECKING:
    from spectra.training.checkpoint import Checkpoints

Losses = Mapping[str, tuple[Loss, float]]
Weights = Mapping[str, Mapping[str, float]]
Begin = Callable[[Mapping[str, Tensor]], Iterable[str]]
"""Given all tensors by name before training begins, it may change them, and says what it did."""
Terms = dict[str, dict[str, float]]
"""By player, the unweighted value of each term that was computed."""


class Trainer:
    """Trains a translator, on the device where it is, with a feed of batches, stage after stage.

    A stage of which no player has a term of a weight other than 0 is an error. One player alone may be silenced, by
    weights of 0 or by having no term: ``notes`` names it. With ``checkpoints``, training goes on where it was stopped.
    """

    def __init__(
        self,
        translator: Translator,
        settings: TrainSettings,
        losses: Losses | None = None,
        weights: Weights | None = None,
        watchers: Sequence[Watcher] = (),
        checkpoints: Checkpoints | None = None,
        validate: Validate | None = None,
        world: World | None = None,
        begin: Begin | None = None,
    ) -> None:
        self.translator, self.settings = translator, settings
        self.losses, self.weights = dict(losses or {}), dict(weights or {})
        self.watchers, self.checkpoints, self.validate = watchers, checkpoints, validate
        self.world, self.begin = world or World(), begin
        self.device = next((t.device for t in [*translator.parameters(), *translator.buffers()]), torch.device("cpu"))
        self.learners: dict[str, Learner] = {}
        self.terms: dict[str, set[tuple[Stage, str]]] = {}
        self.notes: list[str] = []
        self.course: Course | None = None
        self.learned = False
        """Whether any optimizer has taken a step."""

    def train(self, feed: Feed, pairs: Iterable[Pair] | None = None) -> None:
        """Fit on ``pairs`` what is fitted in closed form, then carry out the stages on ``feed``.

        What is ready and has no stages is left as it is; so are settings that speak of stages where there are none.
        """
        stages = self.translator.stages()
        if not stages and pairs is None and not self.translator.ready:
            raise SpectraError(f"{type(self.translator).__name__} has no stages to train: fit it on pairs instead.")
        if stages:
            refuse_unknown_words(self.translator, stages, self.settings, self.weights)
        loop = Loop(self, stages, feed) if stages else None
        resumed = loop is not None and loop.resume()
        if not resumed and self.begin is not None:
            self.notes += self.begin(tensors_of(self.translator, stages))
        if pairs is not None and not resumed:
            self.translator.fit(pairs)
        self.translator.train()
        if loop is not None:
            loop.run()
            keep(self.translator)
            for module in self.translator.modules():
                plain(module)

    def prepare(self, stage: Stage) -> None:
        """Move what the stage holds to the device, and give each player its optimizer."""
        stage.losses = dict(self.losses)
        stage.begin()
        held = [module for module in vars(stage).values() if isinstance(module, nn.Module)]
        for module in [*held, *(loss for loss, _ in self.losses.values())]:
            self._house(module, stage)
        for player in stage.players.values():
            for module in player.modules:
                self._house(module, stage).train()
        self._note(without_effect(self.settings.of_stage("precision", stage.name), self.device))
        (recompute if self.settings.of_stage("recompute", stage.name) else keep)(self.translator)
        self.world.same(tensors_of(self.translator, [stage]).values())
        for name, player in stage.players.items():
            self._equip(name, player, stage)

    def _house(self, module: nn.Module, stage: Stage) -> nn.Module:
        if self.world.size > 1:
            self._share_batch_norms(module)
        module.to(self.device)
        lay_out(module, channels_last=self.settings.of_stage("channels_last", stage.name))
        if not self.settings.of_stage("compile", stage.name):
            plain(module)
        elif module._compiled_call_impl is None:
            functorch.donated_buffer = False  # a graph that two players share is gone through twice
            module.compile()
        return module

    def _share_batch_norms(self, module: nn.Module) -> None:
        if self.settings.sync_batchnorm:
            synchronise(module)
        elif any(isinstance(part, nn.BatchNorm2d) for part in module.modules()):
            self._note(
                f"Each of the {self.world.size} processes norms its own part of a batch alone: "
                "`train.sync_batchnorm: true` would norm them together."
            )

    def _note(self, text: str | None) -> None:
        if text and text not in self.notes:
            self.notes.append(text)

    def _equip(self, name: str, player: Player, stage: Stage) -> None:
        """Give a player its optimizer: a new one, or the one it has, for what it has grown to."""
        if not player.parameters:
            raise SpectraError(f"The player {name!r} of the stage {stage.name!r} has no parameters that could learn.")
        said = {word: self.settings.of_player(word, name, stage.name) for word in _MANNER}
        manner = Manner(**said, ema=self.settings.of_stage("ema", stage.name))
        scaler = scaler_for(self.settings.of_stage("precision", stage.name), self.device)
        known = self.learners.get(name)
        if known is None or player.fresh is True:
            self.learners[name] = Learner(player.parameters, manner, scaler)
            return
        if player.fresh == "optimizer":
            known.renew(player.parameters, manner, scaler)
            return
        refuse_other_optimizer(name, known, manner)
        known.carry_on(player.parameters, manner, scaler)
        follow(known.optimizer)

    def step(self, stage: Stage, *batches: Batch, measure: bool = False) -> Terms:
        """One step of every player, from one batch or more, whose gradients are averaged.

        Returns the raw value of each term, those of weight 0 left out. From one batch, each player steps at its own
        yield; from several, all of them after the last one. With ``measure``, learners know the norms of gradients.
        """
        keep_pages()
        told: dict[str, dict[str, list[float]]] = {}
        alone = len(batches) == 1
        for batch in map(partial(self._laid_out, stage), batches):
            stage.cuts, stage.present = [], batch
            share = self._share_of(batch) / len(batches)
            for update in self._updates(stage, batch):
                if update.player not in told or alone:
                    self.learners[update.player].begin()
                values = self._learn(stage, update, share, self._early(update.player, measure) if alone else None)
                for name, value in values.items():
                    told.setdefault(update.player, {}).setdefault(name, []).append(value)
                told.setdefault(update.player, {})
                if alone and values:
                    self._advance(update.player, measure)
        stage.cuts, stage.present = [], None
        for player in told if not alone else ():
            if told[player]:
                self._advance(player, measure)
        return {player: {name: sum(v) / len(batches) for name, v in terms.items()} for player, terms in told.items()}

    def _laid_out(self, stage: Stage, batch: Batch) -> Batch:
        return channels_last(batch) if self.settings.of_stage("channels_last", stage.name) else batch

    def _share_of(self, batch: Batch) -> float:
        """What this process's part of a batch counts among those of all."""
        if self.world.size == 1:
            return 1.0
        first = next(iter(vars(batch).values()))
        return len(first[0] if isinstance(first, tuple) else first) / self.settings.batch_size

    def _updates(self, stage: Stage, batch: Batch) -> Iterator[Update]:
        """What the stage's step yields; autocast is on while it computes, and off while its players learn."""
        updates = stage.step(batch)
        while True:
            with computing(self.settings.of_stage("precision", stage.name), self.device):
                update = next(updates, None)
            if update is None:
                return
            refuse_unknown(f"player of the stage {stage.name!r}", [update.player], stage.players)
            yield update

    def _learn(self, stage: Stage, update: Update, share: float, ready: Ready | None) -> dict[str, float]:
        """Add the gradients of an update's terms to its player's; ``ready`` may take them as they come."""
        parameters = stage.players[update.player].parameters
        others = [p for name, player in stage.players.items() if name != update.player for p in player.parameters]
        weights = {**{name: term.weight for name, term in update.terms.items()}, **self.weights.get(update.player, {})}
        with computing(self.settings.of_stage("precision", stage.name), self.device):
            values = {name: term.compute() for name, term in update.terms.items() if weights[name]}
        told = self._told(stage, update, values)
        self.terms.setdefault(update.player, set()).update((stage, name) for name in update.terms)
        if values:
            scaled = self.learners[update.player].scaled
            weighted = [scaled(weights[name] * share * _wide(value)) for name, value in values.items()]
            try:
                backward(weighted, parameters, stage.cuts, others, ready)
            except StaleGraph as why:
                raise SpectraError(f"A term of the player {update.player!r} ({', '.join(values)}) {why}") from why
        return told

    def _told(self, stage: Stage, update: Update, values: Mapping[str, Tensor]) -> dict[str, float]:
        """The numbers of terms that can be learnt from; whether a gradient can flow is looked at once a stage."""
        known = self.terms.get(update.player, set())
        player = stage.players[update.player]
        for name, value in values.items():
            new = (stage, name) not in known
            if fault := fault_of(value, player.parameters, stage.cuts, trace=new):
                raise SpectraError(self._of_term(stage, update, name, fault))
        numbers = _numbers(list(values.values()))
        for name, number in zip(values, numbers, strict=True):
            if fault := number_fault(number):
                raise SpectraError(self._of_term(stage, update, name, fault))
        return dict(zip(values, numbers, strict=True))

    def _of_term(self, stage: Stage, update: Update, name: str, fault: str) -> str:
        return f"The term {name!r} of the player {update.player!r} in the stage {stage.name!r} {fault}"

    def _advance(self, player: str, measure: bool) -> None:
        learner = self.learners[player]
        self.world.add_up_gradients(learner.parameters)
        self.learned |= learner.step(self._position(player), measure)

    def _early(self, player: str, measure: bool) -> Ready | None:
        """Where gradients of other batches or processes are added first, none is taken early."""
        return self.learners[player].early(self._position(player), measure) if self.world.size == 1 else None

    def _position(self, player: str) -> Position:
        taken = self.learners[player].taken
        return self.course.position(player, taken) if self.course else Position(taken, 1, 0, 1)


def plain(module: nn.Module) -> None:
    """Not compiled: a model is scored as it will be when it is loaded."""
    module._compiled_call_impl = None


_MANNER = ("optimizer", "lr", "betas", "weight_decay", "schedule", "clip")


def _numbers(values: Sequence[Tensor]) -> list[float]:
    """All at once: on a GPU each question of its own would wait for the device."""
    if not values:
        return []
    exact = torch.float64 if any(value.dtype == torch.float64 for value in values) else torch.float32
    found: list[float] = torch.stack([value.detach().to(exact) for value in values]).tolist()
    return found


def _wide(value: Tensor) -> Tensor:
    """Terms are weighted and added in at least single precision."""
    return value.float() if value.dtype in (torch.float16, torch.bfloat16) else value
