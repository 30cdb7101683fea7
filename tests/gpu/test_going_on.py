"""Training on a GPU that was stopped goes on: in the same bits there, and in the same values on another device."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from spectra.training.random_state import random_state, restore_random_state
from tests.gpu.learning import DEVICE, GENTLE, furthest, learned, stopped, trainer_on
from tests.training.small_gan import same

pytestmark = pytest.mark.gpu

WAYS: dict[str, dict[str, Any]] = {
    "fp32": {},
    "tf32": {"precision": "tf32"},
    "bf16": {"precision": "bf16"},
    "fp16": {"precision": "fp16"},
    "average": {"ema": 0.9},
    "accumulated": {"accumulate": 3},
    "clipped": {"clip": 0.05},
    "channels last": {"channels_last": True},
    "recomputed": {"recompute": True},
    "threads": {"workers": 2},
    "rmsprop": {"optimizer": "rmsprop"},
}


@pytest.mark.parametrize("way", WAYS)
def test_stopped_and_gone_on_is_the_same_bit_for_bit(way: str, tmp_path: Path, deterministic: None) -> None:
    said = WAYS[way]
    whole = learned(trainer_on(DEVICE, tmp_path / "whole", **said))
    for after in (2, 6, 9):  # each of the two stages has six steps
        stopped(DEVICE, tmp_path / "parts", after, **said)
        torch.manual_seed(99)  # what comes between must not matter
        torch.rand(3, device=DEVICE)
    assert same(whole, learned(trainer_on(DEVICE, tmp_path / "parts", **said))) == []


def test_a_checkpoint_goes_to_the_gpu_and_back_to_the_cpu(tmp_path: Path) -> None:
    said = {**GENTLE, "ema": 0.9}
    whole = learned(trainer_on("cpu", plain=True, **said))
    for after, device in ((3, "cpu"), (7, DEVICE)):
        stopped(device, tmp_path, after, plain=True, **said)
    assert furthest(whole, learned(trainer_on("cpu", tmp_path, plain=True, **said))) < 1e-4


def test_images_of_a_pool_that_were_saved_on_the_cpu_are_shown_on_the_gpu(tmp_path: Path) -> None:
    stopped("cpu", tmp_path, 5)
    found = learned(trainer_on(DEVICE, tmp_path))
    assert all(tensor.isfinite().all() for tensor in found.values())


def test_adam_goes_on_with_its_moments_on_another_device(tmp_path: Path) -> None:
    stopped("cpu", tmp_path, 3, plain=True)
    trainer = trainer_on(DEVICE, tmp_path, plain=True)
    learned(trainer)
    for learner in trainer.learners.values():
        states = learner.optimizer.state.values()
        assert states
        assert {state["exp_avg"].device.type for state in states} == {torch.device(DEVICE).type}


def test_dropout_on_the_device_draws_the_same_again() -> None:
    ones = torch.ones(64, device=DEVICE)
    state: Any = random_state()
    first = torch.nn.functional.dropout(ones, 0.5)
    assert not torch.equal(torch.nn.functional.dropout(ones, 0.5), first)
    restore_random_state(state)
    assert torch.equal(torch.nn.functional.dropout(ones, 0.5), first)
