"""What holds for one stage holds for that stage alone, and training goes on the same in the middle of either."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from spectra.errors import SpectraError, Stopped
from spectra.settings import Config
from spectra.stage import Batch, Player, Stage, Update
from spectra.training.checkpoint import Checkpoints
from spectra.training.progress import Progress, Validation
from spectra.training.stopping import stoppable
from spectra.training.trainer import Trainer
from spectra.training.world import World
from tests.training.miniatures import Ear
from tests.training.small_gan import TASK, SmallGan, same, settings_of, train, trainer_of
from tests.training.stopper import Stopper

WAYS: dict[str, dict[str, Any]] = {
    "precision": {"rough": {"precision": "fp16"}, "fine": {"precision": "bf16"}},
    "a scaler in the second": {"fine": {"precision": "fp16"}},
    "average in the first": {"rough": {"ema": 0.9}},
    "average in the second": {"fine": {"ema": 0.9}},
    "channels last in the second": {"fine": {"channels_last": True}},
    "channels last in the first": {"rough": {"channels_last": True}},
    "recomputed in the first": {"rough": {"recompute": True}},
    "accumulated in the second": {"fine": {"accumulate": 2}},
}


def gone_on(said: dict[str, Any], folder: Path, *stops: int) -> dict[str, Tensor]:
    for stop in stops:
        with pytest.raises(Stopped):
            train(trainer_of(settings_of(**said), folder, [Stopper(stop)]))
    return train(trainer_of(settings_of(**said), folder))


@pytest.mark.parametrize("way", WAYS)
def test_stages_that_differ_go_on_bit_for_bit(way: str, tmp_path: Path) -> None:
    said = {"stages": WAYS[way]}
    whole = train(trainer_of(settings_of(**said)))
    assert same(whole, gone_on(said, tmp_path, 3, 6, 8)) == []


@pytest.mark.parametrize("stage", ["rough", "fine"])
def test_how_weights_lie_in_memory_does_not_change_what_a_kept_optimizer_does(stage: str) -> None:
    usual, other = (
        train(trainer_of(settings_of(**said), plain=True))
        for said in ({}, {"stages": {stage: {"channels_last": True}}})
    )
    assert max(float((usual[name] - other[name]).abs().max()) for name in usual) < 1e-5


def passes(said: dict[str, Any]) -> tuple[list[int], SmallGan]:
    """How often the first part was computed by the end of each step."""
    trainer = trainer_of(settings_of(steps=2, **said))
    assert isinstance(trainer.translator, SmallGan)
    counted = [0]
    trainer.translator.first[0].register_forward_hook(lambda *_: counted.__setitem__(0, counted[0] + 1))

    class Counting(Ear):
        def stepped(self, progress: Progress) -> None:
            found.append(counted[0])

    found: list[int] = []
    trainer.watchers = [Counting()]
    train(trainer)
    return found, trainer.translator


def test_activations_are_computed_again_in_that_stage_alone_and_not_by_the_model() -> None:
    usual, first, second = (
        passes({"stages": stages} if stages else {})
        for stages in ({}, {"rough": {"recompute": True}}, {"fine": {"recompute": True}})
    )
    assert (usual[0], first[0], second[0]) == ([1, 2, 3, 4], [2, 4, 5, 6], [1, 2, 4, 6])
    assert "forward" not in vars(second[1].first)


def test_a_stage_that_is_not_compiled_and_the_model_are_as_they_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[nn.Module] = []

    def compiled(self: nn.Module) -> None:
        made.append(self)
        self._compiled_call_impl = self._call_impl

    monkeypatch.setattr(nn.Module, "compile", compiled)
    trainer = trainer_of(settings_of(steps=1, stages={"rough": {"compile": True}}))
    left: list[bool] = []

    class Looking(Ear):
        def stepped(self, progress: Progress) -> None:
            left.append(any(module._compiled_call_impl is not None for module in trainer.translator.modules()))

    trainer.watchers = [Looking()]
    train(trainer)
    assert made and len(made) == len(set(made)), "each once"
    assert left == [True, False]
    made.clear()
    train(trainer_of(settings_of(steps=1, compile=True)))
    assert len(made) == len(set(made))


class Freezing(SmallGan):
    """In the first stage a part takes no gradient, as with the fixed global generator of pix2pixHD."""

    def stages(self) -> list[Stage]:
        return [Half(self, "fixed", learns=False), Half(self, "together", learns=True)]


class Half(Stage):
    def __init__(self, gan: SmallGan, name: str, learns: bool) -> None:
        super().__init__()
        self.name, self.gan, self.learns = name, gan, learns
        self.players = {"generator": Player(gan, fresh="optimizer" if learns else False)}

    def begin(self) -> None:
        self.gan.first.requires_grad_(self.learns)
        if self.learns:
            nn.init.constant_(self.gan.refine.bias, 0.25)  # type: ignore[arg-type]

    def step(self, batch: Batch) -> Iterator[Update]:
        source, target = batch.pairs
        yield Update("generator", distance=(self.gan(source) - target).abs().mean())


def freezing(folder: Path | None = None, *stops: int) -> Trainer:
    torch.manual_seed(7)
    said = {"recipe": "r"}
    settings = settings_of(steps=4, ema=0.9)
    checkpoints = None if folder is None else Checkpoints(folder, said)
    return Trainer(
        Freezing(TASK, Config()), settings, watchers=[Stopper(stop) for stop in stops], checkpoints=checkpoints
    )


def test_what_a_stage_froze_is_free_again_when_it_goes_on_in_the_next(tmp_path: Path) -> None:
    whole = train(freezing())
    for stop in (2, 4, 6):
        with pytest.raises(Stopped):
            train(freezing(tmp_path, stop))
    assert same(whole, train(freezing(tmp_path))) == []


class Judge:
    """Says of one step that it is the best, and keeps what the weights were there."""

    def __init__(self, best: int) -> None:
        self.at, self.seen = best, dict[str, Tensor]()
        self.translator: nn.Module

    def __call__(self, stage: str, total: int) -> Validation:
        if total == self.at:
            self.seen = {name: tensor.clone() for name, tensor in self.translator.state_dict().items()}
        return Validation(stage, total, {"mae": 1.0}, "mae", total == self.at, "lower", {}, (), None)

    def state(self) -> None:
        return None

    def restore(self, state: Any) -> None:
        return None


@pytest.mark.parametrize("best", [3, 9], ids=["in the first stage", "in the second"])
@pytest.mark.parametrize("averaged", ["rough", "fine"])
@pytest.mark.parametrize("fresh", [False, True])
def test_the_best_weights_are_those_that_were_validated_whichever_stage_has_averages(
    best: int, averaged: str, fresh: bool, tmp_path: Path
) -> None:
    said = {"stages": {averaged: {"ema": 0.8}}, "validation": {"every": 3, "choose": "best"}}
    trainer = trainer_of(settings_of(**said), tmp_path, fresh=fresh)
    judge = Judge(best)
    judge.translator = trainer.translator
    trainer.validate = judge  # type: ignore[assignment]
    train(trainer)
    assert judge.seen and same(judge.seen, trainer.translator.state_dict()) == []


def test_a_wish_to_stop_while_the_last_checkpoint_is_written_is_heeded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = Checkpoints.save

    def asked(self: Checkpoints, *given: Any, **named: Any) -> Path:
        signal.raise_signal(signal.SIGTERM)
        return true(self, *given, **named)

    with monkeypatch.context() as patched:
        patched.setattr(Checkpoints, "save", asked)
        with pytest.raises(Stopped, match="after step 6 of 6 of the stage 'fine'"):
            train(trainer_of(settings_of(), tmp_path))
    ear = Ear()
    train(trainer_of(settings_of(), tmp_path, [ear]))
    assert ear.told == []


def test_a_second_signal_of_the_other_kind_is_heeded_at_once() -> None:
    def loud(number: int, frame: object) -> None:
        raise InterruptedError

    before = signal.signal(signal.SIGTERM, loud)
    try:
        with stoppable() as wish:
            signal.raise_signal(signal.SIGINT)
            assert wish.signal == signal.SIGINT
            with pytest.raises(InterruptedError):
                signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_memory_that_is_too_small_for_the_networks_alone_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def greedy(self: Trainer, stage: Stage) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(Trainer, "prepare", greedy)
    with pytest.raises(SpectraError, match=r"lower `train\.batch_size`"):
        train(trainer_of(settings_of()))


def test_all_kinds_of_tensors_become_those_of_the_first_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def sent(tensor: Tensor, source: int) -> None:
        assert tensor.dtype == torch.uint8 and tensor.ndim == 1 and source == 0
        tensor.zero_()

    monkeypatch.setattr("torch.distributed.broadcast", sent)
    ours = [
        torch.ones(2, 3, dtype=torch.bool),
        torch.ones((), dtype=torch.int64),
        torch.ones(4, dtype=torch.bfloat16),
        torch.ones(2, 3, 4, 5).to(memory_format=torch.channels_last),
        torch.ones(0),
    ]
    World(1, 2).same(ours)
    assert all(not tensor.any() for tensor in ours)


def test_processes_that_lost_another_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: Any) -> None:
        raise RuntimeError("Connection closed by peer")

    monkeypatch.setattr("torch.distributed.all_reduce", gone)
    with pytest.raises(SpectraError, match="Another of the processes that train together has ended"):
        World(0, 2).add_up([torch.ones(2)])
