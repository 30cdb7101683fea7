"""The trainer: carries the players of each stage through their steps. One process, full precision, Adam."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim import Adam

from spectra.data.pairs import Pair
from spectra.errors import SpectraError, UnknownName
from spectra.loss import Loss
from spectra.recipe.train import TrainSettings
from spectra.stage import Batch, Player, Stage, Update
from spectra.training.backward import StaleGraph, backward, fault_of
from spectra.training.prefetch import Feed, prefetched
from spectra.translator import Translator

Losses = Mapping[str, tuple[Loss, float]]
Weights = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Progress:
    """What the trainer tells after each step: by player, the unweighted terms that were computed."""

    stage: str
    step: int
    steps: int
    terms: Mapping[str, Mapping[str, float]]


class Trainer:
    """Trains a translator, on the device where it is, with a feed of batches, stage after stage.

    A stage of which no player has a term of a weight other than 0 is an error. One player alone may be silenced, by
    weights of 0 or by having no term: ``notes`` names it.
    """

    def __init__(
        self,
        translator: Translator,
        settings: TrainSettings,
        losses: Losses | None = None,
        weights: Weights | None = None,
        watch: Callable[[Progress], None] | None = None,
    ) -> None:
        self.translator, self.settings = translator, settings
        self.losses, self.weights = dict(losses or {}), dict(weights or {})
        self.watch = watch
        self.device = next((t.device for t in [*translator.parameters(), *translator.buffers()]), torch.device("cpu"))
        self.optimizers: dict[str, Adam] = {}
        self.terms: dict[str, set[tuple[Stage, str]]] = {}
        self.notes: list[str] = []
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
            players = [name for stage in stages for name in stage.players]
            _refuse_unknown("stage", self.settings.stages, [stage.name for stage in stages])
            _refuse_unknown("player", [*self.settings.players, *self.weights], players)
        if pairs is not None:
            self.translator.fit(pairs)
        self.translator.train()
        not_seen = list(stages)
        for stage in stages:
            self._carry_out(stage, feed, not_seen)

    def _carry_out(self, stage: Stage, feed: Feed, not_seen: list[Stage]) -> None:
        self.prepare(stage)
        steps = self.settings.of_stage("steps", stage.name)
        with prefetched(feed, stage, steps, self.settings.workers) as batches:
            for step, batch in enumerate(batches):
                terms = self.step(stage, batch)
                if step == 0:
                    not_seen.remove(stage)
                    self._check_weights(not_seen)
                    self._check_players(stage, terms)
                if self.watch:
                    self.watch(Progress(stage.name, step + 1, steps, terms))

    def _check_weights(self, not_seen: list[Stage]) -> None:
        """Refuse a weight for a term that no stage has, once every stage with its player has taken a step."""
        open_players = {name for stage in not_seen for name in stage.players}
        for player in self.weights.keys() - open_players:
            known = [name for _, name in self.terms.get(player, ())]
            _refuse_unknown(f"term of the player {player!r}", self.weights[player], known)

    def _check_players(self, stage: Stage, told: Mapping[str, Mapping[str, float]]) -> None:
        """Refuse a stage that teaches nobody, and note a player that learns nothing in it."""
        silent = [name for name in stage.players if not told.get(name)]
        if len(silent) == len(stage.players):
            raise SpectraError(
                f"The stage {stage.name!r} has nothing to learn from: no term of a weight other than 0 for the "
                f"player {', '.join(map(repr, silent))}. Name a loss in the recipe, such as `losses: {{l1: 1}}`."
            )
        self.notes += [
            f"The player {name!r} learned nothing in the stage {stage.name!r}: it has no term of a weight other than 0."
            for name in silent
        ]

    def step(self, stage: Stage, batch: Batch) -> dict[str, dict[str, float]]:
        """One step of every player; returns the raw value of each term, those of weight 0 left out."""
        told: dict[str, dict[str, float]] = {}
        stage.cuts, stage.present = [], batch
        for update in stage.step(batch):
            _refuse_unknown(f"player of the stage {stage.name!r}", [update.player], stage.players)
            told.setdefault(update.player, {}).update(self._learn(stage, update))
        stage.cuts, stage.present = [], None
        return told

    def _learn(self, stage: Stage, update: Update) -> dict[str, float]:
        parameters = stage.players[update.player].parameters
        others = [p for name, player in stage.players.items() if name != update.player for p in player.parameters]
        weights = {**{name: term.weight for name, term in update.terms.items()}, **self.weights.get(update.player, {})}
        values = {name: term.compute() for name, term in update.terms.items() if weights[name]}
        told = {name: self._told(stage, update.player, name, value) for name, value in values.items()}
        self.terms.setdefault(update.player, set()).update((stage, name) for name in update.terms)
        optimizer = self.optimizers[update.player]
        optimizer.zero_grad(set_to_none=True)
        if values:
            total = torch.stack([weights[name] * value for name, value in values.items()]).sum()
            try:
                backward(total, parameters, stage.cuts, others)
            except StaleGraph as why:
                raise SpectraError(f"A term of the player {update.player!r} ({', '.join(values)}) {why}") from why
            optimizer.step()
            self.learned = True
        return told

    def _told(self, stage: Stage, player: str, name: str, value: Tensor) -> float:
        """The number of a term that can be learnt from; whether a gradient can flow is looked at once a stage."""
        new = (stage, name) not in self.terms.get(player, ())
        fault = fault_of(value, stage.players[player].parameters, stage.cuts, trace=new)
        if fault:
            raise SpectraError(f"The term {name!r} of the player {player!r} in the stage {stage.name!r} {fault}")
        return value.item()

    def prepare(self, stage: Stage) -> None:
        stage.losses = dict(self.losses)
        stage.begin()
        held = [module for module in vars(stage).values() if isinstance(module, nn.Module)]
        for module in [*held, *(loss for loss, _ in self.losses.values())]:
            module.to(self.device)
        for name, player in stage.players.items():
            for module in player.modules:
                module.to(self.device).train()
            self._equip(name, player, stage)

    def _equip(self, name: str, player: Player, stage: Stage) -> None:
        """Give a player its optimizer: a new one, or the one it has, for what it has grown to."""
        if not player.parameters:
            raise SpectraError(f"The player {name!r} of the stage {stage.name!r} has no parameters that could learn.")
        lr = self.settings.of_player("lr", name, stage.name)
        known = self.optimizers.get(name)
        if known is None or player.fresh:
            known = self.optimizers[name] = Adam(player.parameters, lr=lr, betas=self.settings.betas)
        held = {id(p) for group in known.param_groups for p in group["params"]}
        if grown := [p for p in player.parameters if id(p) not in held]:
            known.add_param_group({"params": grown})
        for group in known.param_groups:
            group["lr"] = lr


def _refuse_unknown(kind: str, named: Iterable[str], known: Iterable[str]) -> None:
    names = set(known)
    for name in named:
        if name not in names:
            raise UnknownName(kind, name, names)
