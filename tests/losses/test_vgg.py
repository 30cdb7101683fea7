"""The VGG loss of pix2pixHD against its formula on torchvision's network, with random weights."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from spectra.errors import SpectraError
from spectra.losses.vgg import Vgg
from tests.losses.conform import conforms
from tests.losses.random_weights import pair, random_features, use_random_weights

PLACES = {1: 1 / 32, 6: 1 / 16, 11: 1 / 8, 20: 1 / 4, 29: 1.0}
"""Facts of the official code: which layers of torchvision's `features`, and their weights."""


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    return use_random_weights(monkeypatch)


def loss(**settings: Any) -> Vgg:
    return Vgg(Vgg.Settings(**settings))


def reference(prediction: Tensor, target: Tensor, normalise: bool = False) -> Tensor:
    features = copy.deepcopy(random_features("vgg19")).to(prediction.dtype)
    if normalise:
        mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
        x, y = ((image - mean.view(3, 1, 1)) / deviation.view(3, 1, 1) for image in (prediction, target))
    else:
        x, y = 2 * prediction - 1, 2 * target - 1
    total = prediction.new_zeros(())
    for place, layer in enumerate(features[:30]):
        x, y = layer(x.clone()), layer(y.clone())
        if place in PLACES:
            total = total + PLACES[place] * (x - y.detach()).abs().mean()
    return total


def with_gradient(function: Any, prediction: Tensor, *rest: Any) -> tuple[Tensor, Tensor]:
    leaf = prediction.clone().requires_grad_()
    value = function(leaf, *rest)
    value.backward()
    assert leaf.grad is not None
    return value.detach(), leaf.grad


@pytest.mark.parametrize("normalise", [False, True])
def test_it_is_the_official_formula_in_value_and_gradient(normalise: bool) -> None:
    prediction, target = pair(3, 48, dtype=torch.float64)
    ours = loss(normalise="imagenet" if normalise else "none").double()
    found = with_gradient(ours, prediction, target)
    expected = with_gradient(reference, prediction, target, normalise)
    torch.testing.assert_close(found[0], expected[0], rtol=1e-7, atol=0)
    torch.testing.assert_close(found[1], expected[1], rtol=1e-5, atol=1e-10)


def test_in_float32_it_keeps_six_digits() -> None:
    prediction, target = pair(3, 48)
    torch.testing.assert_close(loss()(prediction, target), reference(prediction, target), rtol=1e-6, atol=0)


def test_the_gradient_reaches_the_prediction_only() -> None:
    prediction, target = (image.requires_grad_() for image in pair(3, 32))
    loss()(prediction, target).backward()
    assert prediction.grad is not None and prediction.grad.any()
    assert target.grad is None


def test_nothing_of_the_target_is_kept_for_a_backward_pass() -> None:
    prediction, target = pair(3, 64, count=1)
    ours = loss()

    def kept(one: Tensor, other: Tensor) -> int:
        sizes: dict[int, int] = {}

        def keep(saved: Tensor) -> Tensor:
            sizes[saved.data_ptr()] = saved.numel()
            return saved

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda saved: saved):
            ours(one, other)
        return sum(sizes.values())

    alone = kept(prediction.requires_grad_(), target)
    assert kept(prediction, target.clone().requires_grad_()) == alone


def test_it_needs_vgg19_learns_nothing_and_train_does_not_change_it(asked: list[str]) -> None:
    assert Vgg.needs(Vgg.Settings()) == ("vgg19",)
    ours = loss()
    assert asked == ["vgg19"]
    assert not list(ours.parameters()) and not ours.state_dict()
    prediction, target = pair(3, 32)
    before = ours(prediction, target)
    nn.ModuleList([ours]).train()
    assert torch.equal(ours(prediction, target), before)


def test_one_band_is_repeated_and_of_many_three_are_chosen() -> None:
    prediction, target = pair(1, 32)
    torch.testing.assert_close(
        loss()(prediction, target), loss()(prediction.repeat(1, 3, 1, 1), target.repeat(1, 3, 1, 1)), rtol=1e-6, atol=0
    )
    prediction, target = pair(5, 32)
    chosen = loss(bands=(4, 0, 2))(prediction, target)
    assert torch.equal(chosen, loss()(prediction[:, [4, 0, 2]], target[:, [4, 0, 2]]))
    assert chosen != loss(bands=(0, 1, 2))(prediction, target)
    with pytest.raises(SpectraError, match=r"'vgg' sees 3 bands, and the images have 5: say which .* `bands: "):
        loss()(prediction, target)
    with pytest.raises(SpectraError, match=r"the bands \[0, 1, 5\] of images that have 5"):
        loss(bands=(0, 1, 5))(prediction, target)


def test_under_autocast_the_differences_are_summed_in_float32() -> None:
    prediction, target = pair(3, 32)
    with torch.autocast("cpu", torch.bfloat16):
        found = loss()(prediction, target)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, loss()(prediction, target), rtol=0.05, atol=0)
    low = loss()(prediction.bfloat16(), target.bfloat16())
    assert low.dtype == torch.float32


def test_images_that_vanish_on_the_way_are_refused() -> None:
    with pytest.raises(SpectraError, match="vgg19 needs sides of 16 pixels"):
        loss()(torch.rand(1, 3, 15, 40), torch.rand(1, 3, 15, 40))


def test_it_keeps_the_contract_of_a_loss() -> None:
    conforms(Vgg)
