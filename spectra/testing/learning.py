"""Checks of how a translator learns: by gradient, or in closed form."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from spectra.stage import Player, Stage
from spectra.testing.check import NotApplicable, require
from spectra.testing.made import MadePairs
from spectra.testing.subject import STEPS, Learner, same
from spectra.training.feed import PairFeed
from spectra.training.trainer import Trainer

COMPILER = "aot_eager"
"""Traces forward and backward as every compiler does, and generates no code: seconds, not minutes."""


def learns_somehow(learner: Learner) -> None:
    translator = learner.build()
    able = translator.ready or translator.fits() or bool(translator.stages())
    require(able, "it is not `ready`, has no `stages` and no `fit`: it could never be used")


def gradient_of_every_term(learner: Learner) -> None:
    """Each term alone moves its player, and nobody else."""
    terms = terms_of(learner)
    for chosen in terms:
        trainer, stage, feed = _carried_to(learner, chosen.stage)
        here = [term for term in terms if term.stage == chosen.stage]
        trainer.weights = {
            player: {term.name: float(term == chosen) for term in here if term.player == player}
            for player in stage.players
        }
        before = {name: _copies(player) for name, player in stage.players.items()}
        trainer.step(stage, feed.batch(stage, 0))
        _require_only(chosen, stage, before)


def _require_only(term: TermName, stage: Stage, before: Mapping[str, list[Tensor]]) -> None:
    where = f"the term {term.name!r} of the player {term.player!r} in the stage {stage.name!r}"
    for name, player in stage.players.items():
        moved = [now for now, then in zip(player.parameters, before[name], strict=True) if not same(now, then)]
        if name == term.player:
            require(bool(moved), f"{where} gives no gradient to any parameter of its player")
            finite = all(bool(parameter.isfinite().all()) for parameter in moved)
            require(finite, f"{where} gives a gradient that is not finite")
        else:
            leaks = bool(moved) or any(parameter.grad is not None for parameter in player.parameters)
            require(not leaks, f"{where} leaks into the player {name!r}, which it must leave alone")


def no_dead_parameter(learner: Learner) -> None:
    """A few steps change every parameter of every player."""
    translator = learner.build()
    trainer, feed = learner.trainer(translator), learner.feed(translator)
    for stage in learner.stages(translator):
        trainer.prepare(stage)
        before = {name: _copies(player) for name, player in stage.players.items()}
        for step in range(STEPS):
            trainer.step(stage, feed.batch(stage, step))
        for name, player in stage.players.items():
            pairs = zip(_named(player), before[name], strict=True)
            dead = [path for (path, now), then in pairs if same(now, then)]
            require(
                not dead,
                f"in the stage {stage.name!r} these parameters of the player {name!r} never learn: {', '.join(dead)}",
            )


def learning_repeats(learner: Learner) -> None:
    """From the same seed, the same bits."""
    first, again = learner.learned().state_dict(), learner.learned().state_dict()
    differing = [name for name, tensor in first.items() if not same(tensor, again[name])]
    require(not differing, f"learnt twice from the same seed and data, these differ: {', '.join(differing)}")


def learns_from_one_image(learner: Learner) -> None:
    """A batch of one is the default of a recipe."""
    translator = learner.build()
    stages, trainer, feed = learner.stages(translator), learner.trainer(translator), learner.feed(translator, 1)
    for stage in stages:
        trainer.prepare(stage)
        trainer.step(stage, feed.batch(stage, 0))
    strange = [name for name, tensor in translator.state_dict().items() if not tensor.isfinite().all()]
    require(not strange, f"after a batch of one these are not finite: {', '.join(strange)}")


def fit_ignores_order(learner: Learner) -> None:
    one, other = (_fitted(learner, reverse=reverse) for reverse in (False, True))
    gap = float((one - other).abs().max())
    require(gap < 1e-5, f"`fit` on the same pairs in another order gives images that differ by up to {gap:.3g}")


def fit_ignores_masked(learner: Learner) -> None:
    one, other = (_fitted(learner, mask_value=value) for value in (0.25, float("nan")))
    require(same(one, other), "`fit` learns from pixels that the pair's `valid` marks as without data")


def compiled_forward(learner: Learner) -> None:
    translator = learner.learned()
    source = learner.source(translator)
    with torch.no_grad():
        expected = translator(source)
        with _compiling():
            translator.compile(backend=COMPILER)
            found = translator(source)
    gap = float((found - expected).abs().max())
    require(gap < 1e-5, f"compiled it gives an image that differs by up to {gap:.3g} from the eager one")


def compiled_step(learner: Learner) -> None:
    """A compiled step has the gradients of an eager one: no term may hold a graph that has gone stale."""
    expected, found = _gradients(learner, compiled=False), _gradients(learner, compiled=True)
    for name, eager in expected.items():
        gap = float((eager - found[name]).abs().max()) / max(float(eager.abs().max()), 1e-6)
        require(
            gap < 1e-5, f"compiled in place, the gradient of {name} differs by {gap:.3g} of its size from the eager one"
        )


@dataclass(frozen=True)
class TermName:
    stage: int
    player: str
    name: str


def terms_of(learner: Learner) -> list[TermName]:
    """Every term that there is, found by one step of every stage."""
    translator = learner.build()
    stages, trainer, feed = learner.stages(translator), learner.trainer(translator), learner.feed(translator)
    for stage in stages:
        trainer.prepare(stage)
        trainer.step(stage, feed.batch(stage, 0))
    found = [(stages.index(stage), player, name) for player, told in trainer.terms.items() for stage, name in told]
    return [TermName(*term) for term in sorted(found)]


def _carried_to(learner: Learner, place: int) -> tuple[Trainer, Stage, PairFeed]:
    """A trainer that has taken a step in every stage before that one, and is prepared for it."""
    translator = learner.build()
    stages, trainer, feed = learner.stages(translator), learner.trainer(translator), learner.feed(translator)
    for stage in stages[:place]:
        trainer.prepare(stage)
        trainer.step(stage, feed.batch(stage, 0))
    trainer.prepare(stages[place])
    return trainer, stages[place], feed


def _copies(player: Player) -> list[Tensor]:
    return [parameter.detach().clone() for parameter in player.parameters]


def _named(player: Player) -> list[tuple[str, nn.Parameter]]:
    """The player's parameters in its own order, each with its path."""
    paths = {id(p): path for module in reversed(player.modules) for path, p in module.named_parameters()}
    return [(paths[id(parameter)], parameter) for parameter in player.parameters]


def _fitted(learner: Learner, *, reverse: bool = False, mask_value: float | None = None) -> Tensor:
    translator = learner.build()
    if not translator.fits():
        raise NotApplicable("it is not fitted in closed form")
    side = learner.side(translator)
    translator.fit(MadePairs(learner.task, side, reverse=reverse, mask_value=mask_value))
    with torch.no_grad():
        target: Tensor = translator.eval()(learner.source(translator))
    return target


def _gradients(learner: Learner, *, compiled: bool) -> dict[str, Tensor]:
    """Those that one step of each stage leaves behind, in float64, by stage, player and parameter."""
    translator = learner.build().double()
    stages, trainer = learner.stages(translator), learner.trainer(translator)
    feed, found = learner.feed(translator, double=True), {}
    for stage in stages:
        trainer.prepare(stage)
        with _compiling():
            for module in _modules(stage):
                module.double()
                if compiled:
                    module.compile(backend=COMPILER)
            trainer.step(stage, feed.batch(stage, 0))
        for name, player in stage.players.items():
            for path, parameter in _named(player):
                if parameter.grad is not None:
                    found[f"{path} ({stage.name}, {name})"] = parameter.grad.clone()
    return found


def _modules(stage: Stage) -> list[nn.Module]:
    """Those that learn, and those that only help, each once."""
    held = [module for module in vars(stage).values() if isinstance(module, nn.Module)]
    learning = [module for player in stage.players.values() for module in player.modules]
    return list(dict.fromkeys([*learning, *held, *(loss for loss, _ in stage.losses.values())]))


@contextmanager
def _compiling() -> Iterator[None]:
    """Nothing compiled before or after plays a part; what the compiler itself warns of is not the plugin's doing."""
    torch.compiler.reset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    torch.compiler.reset()


CHECKS = (
    learns_somehow,
    gradient_of_every_term,
    no_dead_parameter,
    learning_repeats,
    learns_from_one_image,
    fit_ignores_order,
    fit_ignores_masked,
    compiled_forward,
    compiled_step,
)
