"""The generic feature loss against its formula on torchvision's networks, with random weights."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from spectra.losses.perceptual import Perceptual
from tests.losses.conform import conforms
from tests.losses.random_weights import pair, random_features, use_random_weights

NETWORKS: dict[str, tuple[str, dict[str, float], dict[int, float]]] = {
    "vgg16": ("vgg16", {"relu2_2": 0.5, "relu1_2": 2.0}, {8: 0.5, 3: 2.0}),
    "vgg19": ("vgg19", {"relu3_4": 1.0, "relu1_1": 0.25}, {17: 1.0, 1: 0.25}),
    "alexnet": ("alexnet", {"relu1": 1.0, "relu3": 3.0}, {1: 1.0, 7: 3.0}),
    "squeezenet": ("squeezenet1_1", {"fire3": 1.0, "fire6": 0.1}, {4: 1.0, 9: 0.1}),
}


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    return use_random_weights(monkeypatch)


def loss(**settings: Any) -> Perceptual:
    return Perceptual(Perceptual.Settings(**settings))


def reference(
    prediction: Tensor, target: Tensor, backbone: str, power: int, normalise: bool, symmetric: bool
) -> Tensor:
    name, _, places = NETWORKS[backbone]
    features = copy.deepcopy(random_features(name)).double()
    x, y = (2 * image - 1 if symmetric else image for image in (prediction, target))
    if normalise:
        mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
        x, y = ((image - mean.view(3, 1, 1)) / deviation.view(3, 1, 1) for image in (x, y))
    total = prediction.new_zeros(())
    for place, layer in enumerate(features[: max(places) + 1]):
        x, y = layer(x.clone()), layer(y.clone())
        if place in places:
            total = total + places[place] * (x - y).abs().pow(power).mean()
    return total


@pytest.mark.parametrize("backbone", NETWORKS)
@pytest.mark.parametrize("distance", ["l1", "l2"])
@pytest.mark.parametrize(("normalise", "range"), [("imagenet", "unit"), ("none", "unit"), ("none", "sym")])
def test_it_is_its_formula_in_value_and_gradient(
    backbone: str, distance: str, normalise: str, range: str, asked: list[str]
) -> None:
    prediction, target = pair(3, 40, dtype=torch.float64)
    settings = {"backbone": backbone, "layers": NETWORKS[backbone][1], "distance": distance}
    ours = loss(**settings, normalise=normalise, range=range).double()
    assert tuple(asked) == Perceptual.needs(ours.settings) == (NETWORKS[backbone][0],)
    options = backbone, 1 if distance == "l1" else 2, normalise == "imagenet", range == "sym"
    found = []
    for function, rest in ((ours, ()), (reference, options)):
        leaf = prediction.clone().requires_grad_()
        value = function(leaf, target, *rest)
        value.backward()
        assert leaf.grad is not None
        found.append((value.detach(), leaf.grad))
    torch.testing.assert_close(found[0][0], found[1][0], rtol=1e-6, atol=0)
    torch.testing.assert_close(found[0][1], found[1][1], rtol=1e-5, atol=1e-9)


def test_the_target_has_no_gradient() -> None:
    prediction, target = (image.requires_grad_() for image in pair(3, 32))
    loss()(prediction, target).backward()
    assert prediction.grad is not None and prediction.grad.any() and target.grad is None


def test_a_weight_of_a_layer_and_the_bands_tell() -> None:
    prediction, target = pair(5, 32)
    one = loss(bands=(0, 1, 2), layers={"relu1_1": 1.0})(prediction, target)
    torch.testing.assert_close(loss(bands=(0, 1, 2), layers={"relu1_1": 2.0})(prediction, target), 2 * one)
    assert loss(bands=(2, 1, 0), layers={"relu1_1": 1.0})(prediction, target) != one


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"backbone": "squeezenet"}, "squeezenet has no layer 'relu3_3'"),
        ({"layers": {"relu9_1": 1.0}}, "vgg16 has no layer 'relu9_1'.*Known: relu1_1"),
        ({"layers": {}}, "at least one layer"),
        ({"range": "sym"}, "normalise: none"),
        ({"bands": (-1, 0, 1)}, "greater than or equal to 0"),
        ({"backbone": "resnet"}, "alexnet"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Perceptual.Settings(**settings)


def test_it_learns_nothing_and_stores_nothing() -> None:
    assert not list(loss().parameters()) and not loss().state_dict()


@pytest.mark.parametrize("settings", [{}, {"backbone": "alexnet", "layers": {"relu2": 1.0}, "distance": "l1"}])
def test_it_keeps_the_contract_of_a_loss(settings: dict[str, Any]) -> None:
    conforms(Perceptual, **settings)
