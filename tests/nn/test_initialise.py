from __future__ import annotations

import torch
from torch import nn

from spectra.nn.initialise import normal_


def network() -> nn.Sequential:
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Conv2d(16, 64, 5), nn.BatchNorm2d(4096), nn.ConvTranspose2d(64, 16, 5, bias=False), nn.Linear(200, 200)
    )


def test_weights_are_drawn_about_nothing_and_those_of_batch_norms_about_one() -> None:
    net = normal_(network())
    for part, mean in zip(net, (0, 1, 0, 0), strict=True):
        weight = part.get_parameter("weight").detach()
        assert abs(float(weight.mean()) - mean) < 2e-3
        assert abs(float(weight.std()) - 0.02) < 1e-3
    assert not net[1].bias.any()


def test_biases_stay_or_become_zero() -> None:
    before = network()
    kept, zeroed = normal_(network()), normal_(network(), bias="zero")
    for place in (0, 3):
        assert torch.equal(kept[place].bias, before[place].bias)
        assert before[place].bias.any() and not zeroed[place].bias.any()


def test_the_deviation_can_be_chosen_and_a_seed_repeats_the_draw() -> None:
    assert abs(float(normal_(network(), std=0.1)[0].weight.detach().std()) - 0.1) < 5e-3
    assert torch.equal(normal_(network())[2].weight, normal_(network())[2].weight)
