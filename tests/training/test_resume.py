"""Training that was stopped goes on as if it never had been: the same bits."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest
import torch

from spectra.errors import SpectraError, Stopped
from spectra.training.progress import Progress
from tests.training.miniatures import Ear
from tests.training.small_gan import SmallGan, same, settings_of, train, trainer_of
from tests.training.stopper import Stopper


def stopped_and_gone_on(said: dict[str, Any], folder: Path, *stops: int) -> dict[str, torch.Tensor]:
    for stop in stops:
        with pytest.raises(Stopped, match=r"saved\. The same command goes on"):
            train(trainer_of(settings_of(**said), folder, [Stopper(stop)]))
        torch.manual_seed(99)  # what comes between must not matter
    return train(trainer_of(settings_of(**said), folder))


WAYS: dict[str, dict[str, Any]] = {
    "constant": {},
    "linear": {"steps": "3 epochs", "schedule": {"linear": {"constant": 1, "decay": 3}}},
    "cyclegan": {"steps": "3 epochs", "schedule": "cyclegan"},
    "halving": {"steps": "3 epochs", "schedule": {"halving": {"after": [1, 2, 3]}}},
    "cosine": {"schedule": {"cosine": {"warmup": 3}}},
    "ramp": {"steps": "3 epochs", "schedule": {"ramp": {"warmup": 3}}},
    "average": {"ema": 0.9},
    "bf16": {"precision": "bf16"},
    "fp16": {"precision": "fp16"},
    "bf16 with average": {"precision": "bf16", "ema": 0.9, "schedule": {"cosine": {"warmup": 2}}},
    "accumulated": {"accumulate": 3},
    "clipped": {"clip": 0.05},
    "momentum": {"optimizer": "sgd", "betas": [0.9, 0.0]},
    "rmsprop": {"optimizer": "rmsprop"},
    "adamw": {"optimizer": "adamw", "weight_decay": 0.1},
    "channels last": {"channels_last": True},
    "recomputed": {"recompute": True},
    "threads": {"workers": 2},
}


@pytest.mark.parametrize("way", WAYS)
def test_ten_steps_and_ten_are_twenty_bit_for_bit(way: str, tmp_path: Path) -> None:
    said = WAYS[way]
    whole = train(trainer_of(settings_of(**said), tmp_path / "whole"))
    again = stopped_and_gone_on(said, tmp_path / "stopped", 2, 6, 9)  # each of the two stages has six steps
    assert same(whole, again) == []


@pytest.mark.parametrize("fresh", [True, "optimizer"])
def test_a_player_that_begins_anew_does_so_once(fresh: Any, tmp_path: Path) -> None:
    said = settings_of(steps="3 epochs", schedule="cyclegan", ema=0.9)
    whole = train(trainer_of(said, fresh=fresh))
    for stop in (4, 6, 7, 11):
        with pytest.raises(Stopped):
            train(trainer_of(said, tmp_path, [Stopper(stop)], fresh=fresh))
    assert same(whole, train(trainer_of(said, tmp_path, fresh=fresh))) == []
    assert same(whole, train(trainer_of(said))) != []


def test_checkpoints_themselves_change_nothing(tmp_path: Path) -> None:
    plain = train(trainer_of(settings_of()))
    assert same(plain, train(trainer_of(settings_of(checkpoint={"every": 1}), tmp_path / "often"))) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_either_signal_saves_and_leaves(number: int, tmp_path: Path) -> None:
    before = [signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)]
    with pytest.raises(Stopped, match="after step 2 of 6 of the stage 'rough'") as caught:
        train(trainer_of(settings_of(), tmp_path, [Stopper(2, number)]))
    assert caught.value.signal == number
    assert [signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)] == before


def test_a_second_signal_is_heeded_at_once(tmp_path: Path) -> None:
    class Twice(Stopper):
        def stepped(self, progress: Progress) -> None:
            super().stepped(progress)
            signal.raise_signal(signal.SIGINT)
            raise AssertionError("it was not heeded")

    with pytest.raises(KeyboardInterrupt) as caught:
        train(trainer_of(settings_of(), tmp_path, [Twice(1, signal.SIGINT)]))
    assert not isinstance(caught.value, Stopped)


def test_watchers_are_told_where_it_goes_on_and_hear_every_step_once(tmp_path: Path) -> None:
    first, second = Stopper(4), Ear()
    with pytest.raises(Stopped):
        train(trainer_of(settings_of(), tmp_path, [first]))
    train(trainer_of(settings_of(), tmp_path, [second]))
    assert [one.total for one in first.told + second.told] == list(range(1, 13))
    whole = Ear()
    train(trainer_of(settings_of(), tmp_path / "other", [whole]))
    assert [one.terms for one in first.told + second.told] == [one.terms for one in whole.told]


def test_a_finished_training_that_is_begun_again_takes_no_step(tmp_path: Path) -> None:
    whole, ear = train(trainer_of(settings_of(), tmp_path)), Ear()
    trainer = trainer_of(settings_of(), tmp_path, [ear])
    train(trainer)
    assert ear.told == [] and trainer.learned
    state = {f"translator.{name}": tensor for name, tensor in trainer.translator.state_dict().items()}
    assert all(torch.equal(whole[name], tensor) for name, tensor in state.items())


def test_a_truncated_newest_checkpoint_falls_back_to_the_one_before_and_ends_in_the_same_bits(tmp_path: Path) -> None:
    said = {"checkpoint": {"every": 1, "keep": 3}}
    whole = train(trainer_of(settings_of(), tmp_path / "whole"))
    with pytest.raises(Stopped):
        train(trainer_of(settings_of(**said), tmp_path / "torn", [Stopper(9)]))
    newest = max((tmp_path / "torn").glob("step_*"))
    tensors = newest / "tensors.safetensors"
    tensors.write_bytes(tensors.read_bytes()[:-40])
    ear = Ear()
    trainer = trainer_of(settings_of(**said), tmp_path / "torn", [ear])
    assert same(whole, train(trainer)) == []
    assert ear.told[0].total == 9  # the eighth step was the last that could be gone on from
    assert trainer.checkpoints is not None and "damaged" in " ".join(trainer.checkpoints.notes)


@pytest.mark.parametrize(
    ("about", "told"), [({"recipe": "other"}, "recipe"), ({"data": "other"}, "data"), ({"processes": 2}, "process")]
)
def test_a_checkpoint_of_something_else_is_refused_and_stays(about: dict[str, Any], told: str, tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        train(trainer_of(settings_of(), tmp_path, [Stopper(2)], **about))
    before = sorted(path.name for path in tmp_path.rglob("*"))
    with pytest.raises(SpectraError, match=told):
        train(trainer_of(settings_of(), tmp_path))
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


def test_another_torch_is_said_and_gone_on_with(tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        train(trainer_of(settings_of(), tmp_path, [Stopper(2)], torch="1.0"))
    trainer = trainer_of(settings_of(), tmp_path)
    train(trainer)
    assert trainer.checkpoints is not None and "1.0" in " ".join(trainer.checkpoints.notes)


def test_networks_that_have_changed_since_are_named(tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        train(trainer_of(settings_of(), tmp_path, [Stopper(2)]))
    trainer = trainer_of(settings_of(), tmp_path)
    assert isinstance(trainer.translator, SmallGan)
    trainer.translator.refine = torch.nn.Conv2d(1, 1, 5, padding=2)
    with pytest.raises(SpectraError, match=r"does not fit the networks.*translator\.refine\.weight"):
        train(trainer)


def test_weights_that_are_not_finite_are_never_saved(tmp_path: Path) -> None:
    class Spoiler(Ear):
        def stepped(self, progress: Progress) -> None:
            if progress.total == 3:
                with torch.no_grad():
                    trainer.translator.get_parameter("refine.weight").fill_(float("nan"))

    trainer = trainer_of(settings_of(checkpoint={"every": 1}), tmp_path, [Spoiler()])
    with pytest.raises(SpectraError, match=r"After step 3 some weights are not finite \(translator\.refine\.weight\)"):
        train(trainer)
    assert max(path.name for path in tmp_path.glob("step_*")) == "step_00000002"
