"""What a person or a plugin author gets wrong in training, and what the trainer says."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor, nn

from spectra.errors import SpectraError
from spectra.modalities import Task
from spectra.recipe.train import TrainSettings
from spectra.settings import Config
from spectra.stage import Batch, Player, Stage, Update
from spectra.training.trainer import Trainer
from spectra.translator import Translator
from tests.training.miniatures import Draws, Ear, HandAdam, Journey, SharedPass, Tone, Turns, network, task

Step = Callable[["One", Batch], Iterator[Update]]


class One(Translator):
    """One network and one stage, whose step the test gives."""

    def __init__(self, step: Step, frozen: bool = False) -> None:
        super().__init__(Task.parse("nir2lwir"), Config())
        self.net = network(1, 1)
        if frozen:
            self.net.requires_grad_(False)
        self.asked = step

    def forward(self, source: Tensor) -> Tensor:
        output: Tensor = self.net(source)
        return output

    def stages(self) -> list[Stage]:
        return [OneStage(self)]


class OneStage(Stage):
    def __init__(self, translator: One) -> None:
        super().__init__()
        self.translator = translator
        self.players = {"network": Player(translator.net)}

    def step(self, batch: Batch) -> Iterator[Update]:
        return self.translator.asked(self.translator, batch)


def train(translator: Translator, settings: Mapping[str, Any] | None = None, **options: Any) -> list[str]:
    """The stages and steps that were told before the end, or before the fault."""
    ear: Ear = options.pop("ear", Ear())
    chosen = TrainSettings.model_validate({"steps": 2, **(settings or {})})
    Trainer(translator, chosen, watchers=[ear], **options).train(Draws(translator.task))
    return [f"{progress.stage} {progress.step}/{progress.steps}" for progress in ear.told]


def one_term(value: Callable[[One, Batch], Tensor], **more: Tensor) -> One:
    def step(translator: One, batch: Batch) -> Iterator[Update]:
        yield Update("network", **more, worth=lambda: value(translator, batch))

    return One(step)


def test_a_plain_network_trains_and_tells_each_step() -> None:
    assert train(one_term(lambda nets, batch: nets(batch.pairs[0]).mean())) == ["train 1/2", "train 2/2"]


@pytest.mark.parametrize(
    ("settings", "weights", "message"),
    [
        ({"stages": {"cicle": {"steps": 1}}}, {}, r"No stage is named 'cicle'\. Did you mean 'cycle'\?"),
        ({"players": {"refner": {"lr": 1}}}, {}, r"No player is named 'refner'\. Did you mean 'refiner'\?"),
        ({}, {"generator": {"cycle": 1}}, r"No player is named 'generator'\. Did you mean 'generators'\?"),
    ],
)
def test_unknown_stages_and_players_are_refused_before_the_first_step(
    settings: dict[str, Any], weights: dict[str, Any], message: str
) -> None:
    ear = Ear()
    with pytest.raises(SpectraError, match=message):
        train(Journey(task("rgb2nir"), Config()), settings, weights=weights, ear=ear)
    assert ear.told == []


@pytest.mark.parametrize(
    ("player", "term", "near", "steps_told"),
    [
        ("judge_source", "reel", "real", 2),  # the only stage with this player is the second
        ("generators", "cycel", "cycle", 4),  # might still have been a term of the third
        ("refiner", "l2", None, 4),
    ],
)
def test_a_weight_for_an_unknown_term_is_refused_after_the_first_step_that_could_have_it(
    player: str, term: str, near: str | None, steps_told: int
) -> None:
    ear = Ear()
    hint = rf" Did you mean '{near}'\?" if near else ""
    with pytest.raises(SpectraError, match=rf"No term of the player '{player}' is named '{term}'\.{hint}\nKnown:"):
        train(Journey(task("rgb2nir"), Config()), weights={player: {term: 1.0}}, ear=ear)
    assert len(ear.told) == steps_told


def test_a_weight_for_a_term_of_a_stage_without_steps_is_not_refused() -> None:
    weights = {"generators": {"cycle": 2.0}}

    told = train(Journey(task("rgb2nir"), Config()), {"stages": {"cycle": {"steps": 0}}}, weights=weights)

    assert told == ["paired 1/2", "paired 2/2", "refined 1/2", "refined 2/2"]


def test_an_update_for_a_player_that_is_not_declared_names_the_nearest() -> None:
    def step(nets: One, batch: Batch) -> Iterator[Update]:
        yield Update("netwerk", worth=nets(batch.pairs[0]).mean())

    with pytest.raises(
        SpectraError, match=r"player of the stage 'train' is named 'netwerk'\. Did you mean 'network'\?"
    ):
        train(One(step))


def test_a_term_that_is_not_a_number_any_more_is_named_with_its_player() -> None:
    with pytest.raises(
        SpectraError, match=r"term 'worth' of the player 'network' in the stage 'train' became nan: lower"
    ):
        train(one_term(lambda nets, batch: nets(batch.pairs[0]).mean() * float("nan")))


@pytest.mark.parametrize(
    "value",
    [
        lambda nets, batch: torch.tensor(1.0, dtype=torch.float64),
        lambda nets, batch: nets(batch.pairs[0]).detach().mean(),
        lambda nets, batch: nn.Parameter(torch.ones((), dtype=torch.float64)) * 2,
    ],
    ids=["a constant", "detached", "of something else"],
)
def test_a_term_without_a_gradient_is_named(value: Callable[[One, Batch], Tensor]) -> None:
    with pytest.raises(SpectraError, match="term 'worth' of the player 'network' in the stage 'train' has no gradient"):
        train(one_term(value))


def test_a_term_without_a_gradient_is_found_beside_a_good_one() -> None:
    def step(nets: One, batch: Batch) -> Iterator[Update]:
        fake = nets(batch.pairs[0])
        yield Update("network", good=fake.mean(), severed=lambda: fake.detach().mean())

    with pytest.raises(SpectraError, match="term 'severed'"):
        train(One(step))


def test_a_term_of_many_numbers_is_named() -> None:
    with pytest.raises(SpectraError, match=r"'worth' .* is not one number but has the shape \(2, 1, 6, 6\)"):
        train(one_term(lambda nets, batch: nets(batch.pairs[0])))


@pytest.mark.parametrize("lazy", [True, False])
def test_a_term_that_is_no_tensor_is_named(lazy: bool) -> None:
    def step(nets: One, batch: Batch) -> Iterator[Update]:
        worth: Any = nets(batch.pairs[0]).mean().item()
        yield Update("network", worth=(lambda: worth) if lazy else worth)

    with pytest.raises(SpectraError, match=r"term 'worth' of the player 'network' .* is not a tensor but float"):
        train(One(step))


@pytest.mark.parametrize("weights", [{}, {"network": {"worth": 0.0}}], ids=["no term", "a term of weight 0"])
def test_a_stage_that_teaches_nobody_is_refused_after_its_first_step(weights: dict[str, dict[str, float]]) -> None:
    def step(nets: One, batch: Batch) -> Iterator[Update]:
        terms = {"worth": nets(batch.pairs[0]).mean()} if weights else {}
        yield Update("network", **terms)

    ear = Ear()
    with pytest.raises(SpectraError, match=r"stage 'train' has nothing to learn from: .*'network'.*losses: \{l1: 1\}"):
        train(One(step), weights=weights, ear=ear)
    assert ear.told == []


def test_a_player_that_is_silenced_beside_one_that_learns_is_noted() -> None:
    translator = SharedPass(task("nir2lwir"), Config())
    generator, discriminator = copy.deepcopy(translator.generator), copy.deepcopy(translator.discriminator)
    trainer = Trainer(translator, TrainSettings(steps=2), weights={"generator": {"adversarial": 0, "matching": 0}})
    trainer.train(Draws(translator.task))

    assert trainer.notes == [
        "The player 'generator' learned nothing in the stage 'train': it has no term of a weight other than 0."
    ]
    assert torch.equal(translator.generator[0].weight, generator[0].weight)  # type: ignore[arg-type]
    assert not torch.equal(translator.discriminator.first.weight, discriminator.first.weight)


@pytest.mark.parametrize("steps", [0, 1])
def test_only_a_step_counts_as_learning(steps: int) -> None:
    translator = SharedPass(task("nir2lwir"), Config())
    trainer = Trainer(translator, TrainSettings(steps=steps))
    trainer.train(Draws(translator.task))

    assert trainer.learned is bool(steps) and not trainer.notes


def test_a_term_through_a_player_that_has_stepped_since_is_refused() -> None:
    def step(nets: One, batch: Batch) -> Iterator[Update]:
        fake = nets(batch.pairs[0])
        yield Update("network", first=lambda: fake.mean())
        yield Update("network", second=lambda: (fake * fake).mean())

    with pytest.raises(
        SpectraError, match=r"A term of the player 'network' \(second\) passes through a player that has"
    ):
        train(One(step))


class Siblings(Translator):
    """An encoder that belongs to two players; the second's code is computed anew, or not."""

    def __init__(self, anew: bool) -> None:
        super().__init__(Task.parse("nir2lwir"), Config())
        self.encoder, self.left, self.right = network(1, 2), network(2, 1), network(2, 1)
        self.anew = anew

    def forward(self, source: Tensor) -> Tensor:
        output: Tensor = self.left(self.encoder(source))
        return output

    def stages(self) -> list[Stage]:
        return [SiblingsStage(self)]


class SiblingsStage(Stage):
    def __init__(self, nets: Siblings) -> None:
        super().__init__()
        self.nets = nets
        self.players = {"left": Player(nets.encoder, nets.left), "right": Player(nets.encoder, nets.right)}

    def step(self, batch: Batch) -> Iterator[Update]:
        nets, (source, target) = self.nets, batch.pairs
        code = self.share(nets.encoder(source))
        yield Update("left", l2=lambda: ((nets.left(code) - target) ** 2).mean())
        if nets.anew:
            code = self.share(nets.encoder(source))
        yield Update("right", l2=lambda: ((nets.right(code) - source) ** 2).mean())


def test_a_module_in_two_players_learns_from_both_where_it_runs_anew() -> None:
    ours = Siblings(anew=True)
    theirs = copy.deepcopy(ours)
    train(ours, {"lr": 1e-2, "steps": 4})

    left = HandAdam([*theirs.encoder.parameters(), *theirs.left.parameters()], 1e-2)
    right = HandAdam([*theirs.encoder.parameters(), *theirs.right.parameters()], 1e-2)
    stage = theirs.stages()[0]
    for step in range(4):
        source, target = Draws(theirs.task).batch(stage, step).pairs
        left.learn(((theirs.left(theirs.encoder(source)) - target) ** 2).mean())
        right.learn(((theirs.right(theirs.encoder(source)) - source) ** 2).mean())

    for our, their in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert (our - their).abs().max() < 1e-12


def test_a_module_in_two_players_whose_old_code_is_used_again_is_refused() -> None:
    with pytest.raises(SpectraError, match=r"player 'right' \(l2\) passes through a player that has stepped"):
        train(Siblings(anew=False))


def test_a_player_that_cannot_learn_is_refused() -> None:
    with pytest.raises(SpectraError, match="player 'network' of the stage 'train' has no parameters"):
        train(One(lambda nets, batch: iter(()), frozen=True))


def test_a_missing_stream_is_told_from_within_a_step() -> None:
    with pytest.raises(SpectraError, match="no stream 'pair'"):
        train(one_term(lambda nets, batch: nets(batch.pair[0]).mean()))


def test_what_has_no_stages_is_not_trained_without_pairs() -> None:
    with pytest.raises(SpectraError, match="Tone has no stages"):
        train(Tone(task("nir2lwir"), Config()))


def test_what_is_ready_and_has_no_stages_is_left_as_it_is() -> None:
    class Given(Tone):
        ready = True

    translator = Given(task("nir2lwir"), Config())
    trainer = Trainer(translator, TrainSettings(), weights={"generator": {"cycle": 1}})
    trainer.train(Draws(translator.task))

    assert (float(translator.factor), float(translator.offset), trainer.learned) == (1, 0, False)


def test_what_is_not_fitted_refuses_pairs() -> None:
    translator = SharedPass(task("nir2lwir"), Config())
    with pytest.raises(SpectraError, match="nothing to fit"):
        Trainer(translator, TrainSettings(steps=1)).train(Draws(translator.task), pairs=[])


def test_the_optimizer_of_a_grown_player_keeps_what_it_knew_and_a_fresh_one_does_not() -> None:
    translator = Journey(task("rgb2nir"), Config())
    trainer = Trainer(translator, TrainSettings(steps=3))
    trainer.train(Draws(translator.task))

    def steps_of(player: str, parameter: Tensor) -> float:
        return float(trainer.learners[player].optimizer.state[parameter]["step"])

    assert steps_of("generators", translator.there[0].weight) == 9  # type: ignore[arg-type]
    assert steps_of("generators", translator.back[0].weight) == 6  # type: ignore[arg-type]
    assert steps_of("judge_source", translator.judge_source.first.weight) == 3
    assert steps_of("judge_target", translator.judge_target.first.weight) == 3


def test_a_discriminator_of_the_stage_is_not_part_of_the_translator_and_still_learns() -> None:
    translator = Turns(task("rgb2nir"), Config())
    judge: nn.Module = translator.plan[0].discriminator  # type: ignore[attr-defined]
    before = [p.detach().clone() for p in judge.parameters()]

    train(translator)

    assert not any(name.startswith("plan") for name, _ in translator.named_parameters())
    assert all(not torch.equal(b, a) for b, a in zip(before, judge.parameters(), strict=True))


@pytest.mark.parametrize(
    "wrong", [{"betas": (0.5, 1.0)}, {"betas": (-0.1, 0.9)}, {"lr": 0}, {"steps": -1}, {"step": 3}]
)
def test_settings_that_adam_or_the_trainer_could_not_use_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TrainSettings.model_validate(wrong)


def test_a_players_rate_comes_before_its_stages_and_that_before_the_common_one() -> None:
    settings = TrainSettings.model_validate({"lr": 1, "stages": {"s": {"lr": 2}}, "players": {"p": {"lr": 3}}})

    assert [settings.of_player("lr", *who) for who in (("p", "s"), ("q", "s"), ("q", "t"))] == [3, 2, 1]
