"""Learning rates, against torch's own schedulers and the formulas of the papers' codes."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import LambdaLR, MultiStepLR

from spectra.recipe.schedule import Schedule
from spectra.training.schedules import Position, rate

LR = 2e-4


def schedule(said: Any) -> Schedule:
    return Schedule.model_validate({said: {}} if isinstance(said, str) else said)


def at(epoch: int, epochs: int = 200, **more: Any) -> Position:
    return Position(more.pop("step", epoch * 10), more.pop("steps", epochs * 10), epoch, epochs, **more)


def test_constant() -> None:
    assert rate(schedule("constant"), LR, at(150)) == LR


def test_linear_is_pix2pixhds_to_the_last_digit() -> None:
    """Its loop: after each epoch beyond the first hundred, a hundredth of the rate is taken away."""
    said, value = schedule({"linear": {"constant": 100, "decay": 100}}), LR
    for epoch in range(1, 201):
        assert rate(said, LR, at(epoch - 1)) == value, epoch
        if epoch > 100:
            value -= LR / 100


def test_cyclegan_is_torchs_lambda_of_its_code_to_the_last_digit() -> None:
    for early in (False, True):
        said = schedule({"cyclegan": {"constant": 100, "decay": 100, "early": early}})
        optimizer = torch.optim.Adam([torch.zeros(1)], lr=LR)
        official = LambdaLR(optimizer, lambda epoch: 1.0 - max(0, epoch + 1 - 100) / float(100 + 1))
        for epoch in range(200):
            if early:  # its code of 2021 steps before the epoch
                optimizer.step()
                official.step()
            assert rate(said, LR, at(epoch)) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-15), epoch
            if not early:
                optimizer.step()
                official.step()
    assert rate(schedule("cyclegan"), LR, at(99)) == LR
    assert rate(schedule("cyclegan"), LR, at(199)) == pytest.approx(1.980e-6, rel=1e-3)


def test_halving_is_torchs_multi_step() -> None:
    said = schedule({"halving": {"after": [30, 35]}})
    optimizer = torch.optim.Adam([torch.zeros(1)], lr=LR)
    official = MultiStepLR(optimizer, [30, 35], 0.5)
    for epoch in range(40):
        assert rate(said, LR, at(epoch, 40)) == optimizer.param_groups[0]["lr"]
        optimizer.step()
        official.step()
    assert [rate(schedule("halving"), LR, at(epoch, 40)) / LR for epoch in (0, 29, 30, 39)] == [1, 1, 0.5, 0.5]
    assert rate(schedule({"halving": {"factor": 0.1}}), LR, at(39, 40)) == pytest.approx(LR / 10)


def test_cosine_warms_up_by_steps_and_ends_at_its_floor() -> None:
    said = schedule({"cosine": {"warmup": 4, "floor": 0.1}})
    found = [rate(said, 1.0, at(0, step=step, steps=20)) for step in range(21)]
    assert found[:5] == [0, 0.25, 0.5, 0.75, 1]
    half = [0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * (step - 4) / 16)) for step in range(4, 21)]
    assert found[4:] == pytest.approx(half)
    assert found[-1] == pytest.approx(0.1)


def test_the_ramp_advances_once_an_epoch_so_that_it_hardly_ends() -> None:
    """The facts of the released Pix2Next: 1e-4 and 1000 epochs of 1000 warm-up steps give 1e-7 times the epoch."""
    for epoch in (0, 1, 600, 999):
        said = Position(epoch * 500, 500_000, epoch, 1000)
        assert rate(schedule("ramp"), 1e-4, said) == pytest.approx(1e-7 * epoch)
    assert rate(schedule({"ramp": {"warmup": 10}}), 1.0, Position(0, 100, 55, 100)) == pytest.approx(0.5)


@pytest.mark.parametrize("name", ["linear", "cyclegan"])
@pytest.mark.parametrize(
    ("said", "constant", "decay"),
    [({}, 20, 20), ({"constant": 30}, 30, 10), ({"decay": 30}, 10, 30), ({"constant": 0, "decay": 40}, 0, 40)],
)
def test_what_is_not_said_is_what_is_left(name: str, said: dict[str, int], constant: int, decay: int) -> None:
    full = schedule({name: {"constant": constant, "decay": decay}})
    for epoch in range(40):
        assert rate(schedule({name: said}), LR, at(epoch, 40)) == rate(full, LR, at(epoch, 40))


@given(
    name=st.sampled_from(["constant", "linear", "cyclegan", "halving", "cosine", "ramp"]),
    epochs=st.integers(1, 60),
    epoch=st.integers(0, 90),
)
def test_a_rate_is_never_negative_nor_above_the_first(name: str, epochs: int, epoch: int) -> None:
    assert 0 <= rate(schedule(name), LR, at(epoch, epochs)) <= LR
