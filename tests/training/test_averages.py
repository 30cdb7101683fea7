"""Moving averages of weights."""

from __future__ import annotations

import copy

import torch
from torch import nn

from spectra.errors import Stopped
from spectra.training.averages import Average, averaged
from tests.training.small_gan import settings_of, train, trainer_of


def test_the_average_is_that_of_a_float64_loop() -> None:
    weight = torch.zeros(3)
    average, expected = Average([weight], 0.8), torch.zeros(3, dtype=torch.float64)
    for step in range(1, 60):
        weight += 0.5
        average.update()
        decay = min(0.8, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * weight.double()
    assert torch.allclose(average.values[0].double(), expected, atol=1e-5)


def test_within_the_block_the_weights_are_their_averages_and_afterwards_themselves() -> None:
    net = nn.Linear(2, 2)
    average = Average(list(net.parameters()), 0.5)
    with torch.no_grad():
        net.weight.fill_(1.0)
    before = copy.deepcopy(net.state_dict())
    try:
        with averaged([average]):
            assert not torch.equal(net.weight, before["weight"])
            raise Stopped("now", 2)
    except Stopped:
        pass
    assert torch.equal(net.weight, before["weight"])


def test_a_parameter_that_comes_later_is_followed_from_what_it_is_then() -> None:
    first, second = torch.zeros(1), torch.full((1,), 5.0)
    average = Average([first], 0.9)
    average.grow([first, second])
    assert [float(value) for value in average.values] == [0, 5] and len(average.parameters) == 2


def test_the_model_has_the_average_and_learning_does_not_see_it() -> None:
    plain, smooth = train(trainer_of(settings_of())), train(trainer_of(settings_of(ema=0.9)))
    name = "translator.refine.weight"
    assert not torch.equal(plain[name], smooth[name])
    critics = [name for name in plain if "critic" in name]
    assert critics and all(not torch.equal(plain[name], smooth[name]) for name in critics)  # each player has its own
    weak = train(trainer_of(settings_of(ema=0.2)))
    assert not torch.equal(weak[name], smooth[name])
