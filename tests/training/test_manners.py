"""How a player learns: every word of the recipe about it changes what is learned, in the way that it says."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from spectra.errors import SpectraError
from spectra.recipe.schedule import Schedule
from spectra.recipe.train import TrainSettings
from spectra.settings import Config
from spectra.stage import Batch, PairedBatch, Player, Stage, Update
from spectra.training import pages
from spectra.training.learner import Learner, Manner
from spectra.training.precision import scaler_for
from spectra.training.schedules import Position
from spectra.training.trainer import Trainer
from spectra.translator import Translator
from tests.training.miniatures import Draws, Ear, Journey, SharedPass, task
from tests.training.small_gan import SmallGan, same, settings_of, train, trainer_of

HERE = Position(0, 10, 0, 1)


def manner(**said: Any) -> Manner:
    base = {"optimizer": "adam", "lr": 0.1, "betas": (0.5, 0.9), "weight_decay": 0.0, "clip": 0.0, "ema": 0.0}
    return Manner(**{**base, "schedule": Schedule.model_validate({"constant": {}}), **said})


def after_two_steps(said: Manner) -> tuple[nn.Parameter, Learner]:
    parameter = nn.Parameter(torch.tensor([1.0, -2.0], dtype=torch.float64))
    learner = Learner([parameter], said, None)
    for _ in range(2):
        learner.begin()
        (parameter**3).sum().backward()
        learner.step(HERE, measure=True)
    return parameter, learner


@pytest.mark.parametrize(
    ("said", "make"),
    [
        ({}, lambda p: torch.optim.Adam(p, 0.1, (0.5, 0.9))),
        ({"weight_decay": 0.3}, lambda p: torch.optim.Adam(p, 0.1, (0.5, 0.9), weight_decay=0.3)),
        (
            {"optimizer": "adamw", "weight_decay": 0.3},
            lambda p: torch.optim.AdamW(p, 0.1, (0.5, 0.9), weight_decay=0.3),
        ),
        ({"optimizer": "sgd"}, lambda p: torch.optim.SGD(p, 0.1, momentum=0.5)),
        ({"optimizer": "rmsprop"}, lambda p: torch.optim.RMSprop(p, 0.1, momentum=0.5, alpha=0.9)),
    ],
    ids=["adam", "adam with decay", "adamw", "sgd", "rmsprop"],
)
def test_each_optimizer_is_torchs_own(said: dict[str, Any], make: Any) -> None:
    ours, _ = after_two_steps(manner(**said))
    theirs = nn.Parameter(torch.tensor([1.0, -2.0], dtype=torch.float64))
    optimizer = make([theirs])
    for _ in range(2):
        optimizer.zero_grad()
        (theirs**3).sum().backward()
        optimizer.step()
    assert torch.allclose(ours, theirs, rtol=1e-12)


def test_a_gradient_is_clipped_to_the_norm_that_is_said_and_its_own_norm_is_told() -> None:
    parameter = nn.Parameter(torch.zeros(2))
    learner = Learner([parameter], manner(optimizer="sgd", betas=(0.0, 0.0), lr=1.0, clip=0.5), None)
    (parameter * torch.tensor([3.0, 4.0])).sum().backward()
    learner.step(HERE, measure=False)
    assert learner.norm == pytest.approx(5) and torch.allclose(parameter.detach(), torch.tensor([-0.3, -0.4]))


def test_a_step_whose_gradient_does_not_fit_fp16_is_left_out_and_its_schedule_waits() -> None:
    parameter = nn.Parameter(torch.ones(1))
    learner = Learner([parameter], manner(ema=0.5), scaler_for("fp16", torch.device("cpu")))
    learner.scaled(parameter * float("inf")).sum().backward()
    assert not learner.step(HERE, measure=False)
    assert learner.skipped and learner.taken == 0 and float(parameter.detach()) == 1
    assert learner.average is not None and learner.average.steps == 0
    learner.begin()
    learner.scaled(parameter * 2).sum().backward()
    assert learner.step(HERE, measure=False) and learner.taken == 1 and float(parameter.detach()) == pytest.approx(0.9)


def test_a_scaled_gradient_is_unscaled_before_it_is_clipped_and_measured() -> None:
    parameter = nn.Parameter(torch.zeros(2))
    said = manner(optimizer="sgd", betas=(0.0, 0.0), lr=1.0, clip=0.5)
    learner = Learner([parameter], said, scaler_for("fp16", torch.device("cpu")))
    learner.scaled((parameter * torch.tensor([3.0, 4.0])).sum()).backward()
    learner.step(HERE, measure=True)
    assert learner.norm == pytest.approx(5) and torch.allclose(parameter.detach(), torch.tensor([-0.3, -0.4]))


def halves(stage: Stage) -> tuple[Batch, Batch, Batch]:
    draws = Draws(task("rgb2nir"))
    one, two = draws.batch(stage, 0), draws.batch(stage, 1)
    return one, two, Batch(pairs=PairedBatch([torch.cat(both) for both in zip(one.pairs, two.pairs, strict=True)]))


def test_two_batches_of_one_step_are_one_batch_of_both() -> None:
    gans = [SharedPass(task("rgb2nir"), Config())]
    gans.append(copy.deepcopy(gans[0]))
    (first, first_stage), (second, second_stage) = ((Trainer(gan, TrainSettings()), gan.stages()[0]) for gan in gans)
    first.prepare(first_stage)
    second.prepare(second_stage)
    one, two, both = halves(first_stage)
    told = first.step(first_stage, one, two)
    assert told == {p: pytest.approx(terms) for p, terms in second.step(second_stage, both).items()}
    for ours, theirs in zip(gans[0].parameters(), gans[1].parameters(), strict=True):
        assert torch.allclose(ours, theirs, rtol=0, atol=1e-12)


def test_with_several_batches_all_players_step_after_the_last_one() -> None:
    gan = SharedPass(task("rgb2nir"), Config())
    trainer, stage = Trainer(gan, TrainSettings()), gan.stages()[0]
    trainer.prepare(stage)
    advanced: list[str] = []
    true = trainer._advance
    trainer._advance = lambda player, measure: (advanced.append(player), true(player, measure))  # type: ignore[method-assign,assign,func-returns-value]
    one, two, _ = halves(stage)
    trainer.step(stage, one, two)
    assert advanced == ["generator", "discriminator"]
    trainer.step(stage, one)
    assert advanced == ["generator", "discriminator"] * 2


@pytest.mark.parametrize(
    "said",
    [
        {"clip": 0.01},
        {"accumulate": 2},
        {"ema": 0.5},
        {"precision": "bf16"},
        {"precision": "fp16"},
        {"optimizer": "sgd"},
        {"betas": [0.9, 0.99]},
        {"weight_decay": 0.5},
        {"schedule": {"cosine": {"warmup": 2}}},
        {"lr": 1e-3},
    ],
    ids=str,
)
@pytest.mark.parametrize("where", ["train", "stage", "player"])
def test_what_train_a_stage_or_a_player_says_changes_what_is_learned(said: dict[str, Any], where: str) -> None:
    word = next(iter(said))
    if where == "player" and word in ("accumulate", "ema", "precision"):
        pytest.skip("a player does not say it")
    if where == "stage" and word in ("optimizer", "betas", "weight_decay"):
        pytest.skip("a stage does not say it")
    told = {"train": said, "stage": {"stages": {"fine": said}}, "player": {"players": {"critic": said}}}[where]
    assert same(train(trainer_of(settings_of(steps=3))), train(trainer_of(settings_of(steps=3, **told)))) != []


@pytest.mark.parametrize("said", [{"channels_last": True}, {"recompute": True}], ids=str)
def test_what_only_costs_less_changes_no_more_than_rounding(said: dict[str, Any]) -> None:
    plain, other = train(trainer_of(settings_of(), plain=True)), train(trainer_of(settings_of(**said), plain=True))
    assert max(float((plain[name] - other[name]).abs().max()) for name in plain) < 1e-4


class Spy(Translator):
    """One convolution that tells how it is computed."""

    def __init__(self, to: Any, settings: Config) -> None:
        super().__init__(to, settings)
        self.net = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Conv2d(4, 1, 1))
        self.seen: list[Tensor] = []
        self.calls = 0
        self.net[0].register_forward_hook(self._look)

    def _look(self, module: nn.Module, given: Any, output: Tensor) -> None:
        self.seen.append(output)
        self.calls += 1

    def forward(self, source: Tensor) -> Tensor:
        output: Tensor = self.net(source)
        return output

    def recomputed(self) -> list[nn.Module]:
        return [self.net]

    def stages(self) -> list[Stage]:
        return [SpyStage(self)]


class SpyStage(Stage):
    def __init__(self, spy: Spy) -> None:
        super().__init__()
        self.spy, self.players = spy, {"net": Player(spy.net)}

    def step(self, batch: Batch) -> Iterator[Update]:
        source, target = batch.pairs
        fake = self.spy(source)
        assert fake.dtype == self.spy.seen[-1].dtype
        yield Update("net", distance=lambda: (self.spy.net[1](self.spy.seen[-1]).float() - target).abs().mean())


def spied(**said: Any) -> Spy:
    spy = Spy(task("rgb2nir"), Config())
    trainer, stage = Trainer(spy, TrainSettings.model_validate(said)), spy.stages()[0]
    trainer.prepare(stage)
    trainer.step(stage, Batch(pairs=PairedBatch([torch.rand(2, 3, 6, 6), torch.rand(2, 1, 6, 6)])))
    return spy


@pytest.mark.parametrize(
    ("precision", "kind"),
    [("fp32", torch.float32), ("tf32", torch.float32), ("bf16", torch.bfloat16), ("fp16", torch.float16)],
)
def test_networks_are_computed_in_the_precision_that_is_said(precision: str, kind: torch.dtype) -> None:
    spy = spied(precision=precision)
    assert {seen.dtype for seen in spy.seen} == {kind}
    assert {parameter.dtype for parameter in spy.parameters()} == {torch.float32}


def test_channels_lie_side_by_side_in_images_and_weights() -> None:
    spy = spied(channels_last=True)
    assert all(seen.is_contiguous(memory_format=torch.channels_last) for seen in spy.seen)
    assert not spied().seen[0].is_contiguous(memory_format=torch.channels_last)


def test_what_is_recomputed_is_computed_twice() -> None:
    assert (spied().calls, spied(recompute=True).calls) == (1, 2)


def test_recomputing_where_the_translator_names_nothing_is_refused() -> None:
    with pytest.raises(SpectraError, match="SharedPass names no modules for it"):
        gan = SharedPass(task("rgb2nir"), Config())
        Trainer(gan, TrainSettings(recompute=True)).train(Draws(gan.task))


def test_networks_are_compiled_in_place_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[nn.Module] = []
    monkeypatch.setattr(nn.Module, "compile", lambda module, *_, **__: compiled.append(module))
    assert spied().net not in compiled
    spy = spied(compile=True)
    assert spy.net in compiled


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The .grad attribute")  # torch asks for it itself, and hides that from all but us
def test_a_compiled_training_learns_what_an_eager_one_learns() -> None:
    plain, other = (train(trainer_of(settings_of(steps=2, **said), plain=True)) for said in ({}, {"compile": True}))
    assert max(float((plain[name] - other[name]).abs().max()) for name in plain) < 1e-4


def test_a_precision_without_effect_is_noted() -> None:
    trainer = trainer_of(settings_of(precision="tf32", steps=1))
    train(trainer)
    assert trainer.notes == ["`train.precision: tf32` changes nothing on cpu: it is computed in fp32."]


def test_a_player_cannot_change_its_kind_of_optimizer_and_keep_it() -> None:
    journey = Journey(task("rgb2nir"), Config())
    trainer = Trainer(journey, TrainSettings())
    first, second, _ = journey.stages()
    trainer.prepare(first)
    trainer.settings = TrainSettings.model_validate({"players": {"generators": {"optimizer": "sgd"}}})
    with pytest.raises(SpectraError, match="'generators' goes on with its adam from the stage before"):
        trainer.prepare(second)


def test_schedules_go_on_over_the_stages_and_are_told() -> None:
    ear = Ear()
    train(trainer_of(settings_of(steps="2 epochs", schedule="linear", lr=1.0), watchers=[ear]))
    assert [one.rates["generator"] for one in ear.told] == [1.0] * 6 + [0.5] * 2
    assert [one.epoch for one in ear.told] == [0.5, 1.0, 1.5, 2.0] * 2


def test_a_player_that_begins_anew_has_a_schedule_of_its_own() -> None:
    for fresh, expected in ((True, [1.0] * 4), ("optimizer", [0.5, 0.5, 0.0, 0.0])):
        ear = Ear()
        said = settings_of(steps="2 epochs", schedule={"cyclegan": {"constant": 2, "decay": 1}}, lr=1.0)
        train(trainer_of(said, watchers=[ear], fresh=fresh))  # type: ignore[arg-type]
        assert [one.rates["generator"] for one in ear.told][4:] == expected


@pytest.mark.parametrize("huge", [True, False])
def test_out_of_memory_says_what_to_lower(huge: bool) -> None:
    class Hungry(SmallGan):
        def forward(self, source: Tensor) -> Tensor:
            if huge:
                torch.empty(2**60)
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    trainer = trainer_of(settings_of())
    trainer.translator.__class__ = Hungry
    with pytest.raises(SpectraError, match=r"lower `train\.batch_size` and raise `train\.accumulate`.*\n.*alloc"):
        train(trainer)


def test_a_process_with_glibc_keeps_its_memory_and_others_go_on_without(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(pages.sys, "platform", "linux")

    def library(mallopt: Any) -> Any:
        return lambda _: SimpleNamespace(**({"mallopt": mallopt} if mallopt else {}))

    monkeypatch.setattr(pages.ctypes, "CDLL", library(lambda *said: asked.append(said) or 1))
    assert pages.keep_pages.__wrapped__()
    assert asked == [(pages.MMAP_THRESHOLD, pages.KEPT), (pages.TRIM_THRESHOLD, pages.KEPT)]
    monkeypatch.setattr(pages.ctypes, "CDLL", library(None))
    assert not pages.keep_pages.__wrapped__()
