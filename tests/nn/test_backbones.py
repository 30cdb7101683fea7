"""Backbones against torchvision's, with the same random weights."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from spectra.errors import ModelError, SpectraError
from spectra.nn.backbones.backbone import ARCHITECTURES, Backbone
from tests.losses.random_weights import random_features, random_state, use_random_weights

OF_TORCHVISION = {"vgg16": "vgg16", "vgg19": "vgg19", "alexnet": "alexnet", "squeezenet": "squeezenet1_1"}


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    return use_random_weights(monkeypatch)


def image(side: int = 40, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.rand(2, 3, side, side + 3, generator=torch.Generator().manual_seed(0)).to(dtype) * 2 - 1


def features(name: str) -> nn.Sequential:
    return random_features(OF_TORCHVISION[name])


@pytest.mark.parametrize("name", OF_TORCHVISION)
def test_every_layer_gives_the_map_that_torchvision_gives(name: str) -> None:
    places = ARCHITECTURES[name].places
    found = dict(zip(places, Backbone(name, list(places)).double()(image(dtype=torch.float64)), strict=True))
    expected = image(dtype=torch.float64)
    by_number = {number: layer for layer, number in places.items()}
    for number, layer in enumerate(copy.deepcopy(features(name)[: max(by_number) + 1]).double()):
        expected = layer(expected.clone())
        if number in by_number:
            assert found[by_number[number]].shape == expected.shape, by_number[number]
            torch.testing.assert_close(found[by_number[number]], expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", OF_TORCHVISION)
def test_gradients_are_those_of_torchvision(name: str) -> None:
    deepest = list(ARCHITECTURES[name].places)[-1]
    backbone = Backbone(name, [deepest]).double()
    leaf, other = (image(dtype=torch.float64).requires_grad_() for _ in range(2))
    weight = torch.rand_like(backbone(leaf.detach())[0])
    (backbone(leaf)[0] * weight).sum().backward()
    reference = copy.deepcopy(features(name)[: ARCHITECTURES[name].places[deepest] + 1]).double()
    (reference(other.clone()) * weight).sum().backward()
    assert leaf.grad is not None and other.grad is not None
    torch.testing.assert_close(leaf.grad, other.grad, rtol=1e-9, atol=1e-12)


def test_the_named_places_of_vgg_are_those_of_the_papers() -> None:
    wanted = {"relu1_1": 1, "relu2_1": 6, "relu3_1": 11, "relu4_1": 20, "relu5_1": 29, "relu5_4": 35}
    assert wanted.items() <= ARCHITECTURES["vgg19"].places.items()
    wanted = {"relu1_2": 3, "relu2_2": 8, "relu3_3": 15, "relu4_3": 22, "relu5_3": 29}
    assert wanted.items() <= ARCHITECTURES["vgg16"].places.items()
    for name, reached in OF_TORCHVISION.items():
        for layer, number in ARCHITECTURES[name].places.items():
            kind = type(features(name)[number]).__name__
            assert kind == ("Fire" if layer.startswith("fire") else "ReLU"), (reached, layer)


def test_maps_come_in_the_order_in_which_they_are_asked_for() -> None:
    deep, shallow = Backbone("alexnet", ["relu4", "relu1"])(image())
    torch.testing.assert_close([shallow, deep], Backbone("alexnet", ["relu1", "relu4"])(image()), rtol=0, atol=0)


def test_it_ends_at_the_deepest_layer_asked_for(asked: list[str]) -> None:
    assert len(Backbone("vgg19", ["relu2_1", "relu1_1"]).features) == 7
    assert asked == ["vgg19"]


def test_it_learns_nothing_and_stores_nothing_and_train_does_not_change_it() -> None:
    backbone = Backbone("alexnet", ["relu5"])
    parent = nn.ModuleList([backbone])
    before = backbone(image())[0]
    parent.train()
    leaf = image().requires_grad_()
    backbone(leaf)[0].sum().backward()
    assert not list(parent.parameters()) and not parent.state_dict()
    parent.load_state_dict({})
    torch.testing.assert_close(backbone(image())[0], before, rtol=0, atol=0)
    assert leaf.grad is not None and leaf.grad.any()
    parent.double()
    assert backbone(image(dtype=torch.float64))[0].dtype == torch.float64


def test_an_image_without_gradient_leaves_no_graph() -> None:
    (found,) = Backbone("alexnet", ["relu5"])(image())
    assert found.grad_fn is None and not found.requires_grad


@pytest.mark.parametrize("name", OF_TORCHVISION)
def test_the_least_side_is_the_least(name: str) -> None:
    for layer in ARCHITECTURES[name].places:
        backbone = Backbone(name, [layer])
        least = backbone.least_side
        assert backbone(torch.zeros(1, 3, least, least))[0].numel()
        if least > 1:
            with pytest.raises(SpectraError, match=f"{name} needs sides of {least} pixels"):
                backbone(torch.zeros(1, 3, least - 1, least))
            with pytest.raises(RuntimeError):
                backbone.features(torch.zeros(1, 3, least - 1, least - 1))


def test_weights_of_another_network_are_refused() -> None:
    with pytest.raises(ModelError, match=r"'vgg16' are not those of torchvision's vgg16: features\.0\.weight"):
        Backbone("vgg16", ["relu1_1"], random_state("alexnet"))
    damaged = {key: value for key, value in random_state("vgg16").items() if key != "features.2.bias"}
    with pytest.raises(ModelError, match=r"features\.2\.bias is missing"):
        Backbone("vgg16", ["relu1_2"], damaged)
    assert Backbone("vgg16", ["relu1_1"], damaged)


def test_names_that_do_not_exist_are_refused() -> None:
    with pytest.raises(SpectraError, match=r"no layer 'relu1_3'\. Did you mean 'relu"):
        Backbone("vgg16", ["relu1_3"])
    with pytest.raises(SpectraError, match="no backbone 'vgg11'"):
        Backbone("vgg11", ["relu1_1"])
    with pytest.raises(SpectraError, match="at least one layer"):
        Backbone("vgg16", [])
    with pytest.raises(SpectraError, match="3 bands"):
        Backbone("alexnet", ["relu1"])(torch.zeros(1, 1, 64, 64))
