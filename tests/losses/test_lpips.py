"""LPIPS against the package, with the same random weights in both."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import lpips
import pytest
import torch
from torch import Tensor, nn

from spectra.errors import ModelError
from spectra.losses.lpips import Lpips
from spectra.nn.lpips import Lpips as Network
from tests.losses import random_weights
from tests.losses.conform import conforms
from tests.losses.random_weights import pair, random_state, use_random_weights

NEEDS = {
    "vgg": ("vgg16", "lpips_vgg"),
    "alex": ("alexnet", "lpips_alex"),
    "squeeze": ("squeezenet1_1", "lpips_squeeze"),
}


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    return use_random_weights(monkeypatch)


@cache
def package(net: str) -> Any:
    """Its slices keep torchvision's numbers: `net.slice2.5.weight` is `features.5.weight`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it uses words that torchvision no longer likes
        made = lpips.LPIPS(pretrained=False, net=net, pnet_rand=True, verbose=False)
    trunk, linear = (random_state(name) for name in NEEDS[net])
    state = made.state_dict()
    for key in state:
        if key.startswith("net.slice"):
            state[key] = trunk["features." + key.split(".", 2)[2]]
        elif key.startswith("lin"):
            state[key] = linear[key.replace("lins.", "lin", 1)]
    made.load_state_dict(state)
    return made.eval()


def loss(**settings: Any) -> Lpips:
    return Lpips(Lpips.Settings(**settings))


def with_gradient(function: Any, prediction: Tensor) -> tuple[Tensor, Tensor]:
    leaf = prediction.clone().requires_grad_()
    value = function(leaf)
    value.backward()
    assert leaf.grad is not None
    return value.detach(), leaf.grad


@pytest.mark.parametrize("net", NEEDS)
@pytest.mark.parametrize("range", ["sym", "unit"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_it_is_the_number_of_the_package_and_so_is_its_gradient(net: str, range: str, dtype: torch.dtype) -> None:
    prediction, target = pair(3, 64, dtype=dtype)
    theirs = package(net).to(dtype)
    ours = loss(net=net, range=range).to(dtype)
    found = with_gradient(lambda image: ours(image, target), prediction)
    expected = with_gradient(lambda image: theirs(image, target, normalize=range == "sym").mean(), prediction)
    assert expected[0] > 0.01
    torch.testing.assert_close(found[0], expected[0], rtol=1e-6, atol=0)
    gap = (found[1] - expected[1]).norm() / expected[1].norm()
    assert gap < (1e-6 if dtype == torch.float64 else 2e-5)


@pytest.mark.parametrize("net", NEEDS)
def test_the_network_gives_each_image_its_own_number(net: str) -> None:
    prediction, target = (2 * image - 1 for image in pair(3, 64, count=3))
    found = Network(net)(prediction, target)  # type: ignore[arg-type]
    assert found.shape == (3,)
    torch.testing.assert_close(found, package(net).float()(prediction, target).flatten(), rtol=1e-5, atol=0)


def test_dropout_plays_no_part_in_train_mode_and_nothing_is_learned_or_stored() -> None:
    prediction, target = pair(3, 64)
    ours = loss()
    before = ours.eval()(prediction, target)
    nn.ModuleList([ours]).train()
    assert torch.equal(ours(prediction, target), before)
    assert not list(ours.parameters()) and not ours.state_dict()


def test_the_gradient_reaches_the_prediction_only() -> None:
    prediction, target = (image.requires_grad_() for image in pair(3, 64))
    loss(net="alex")(prediction, target).backward()
    assert prediction.grad is not None and prediction.grad.any() and target.grad is None


@pytest.mark.parametrize("net", NEEDS)
def test_equal_images_cost_nothing_and_have_a_finite_gradient(net: str) -> None:
    _, target = pair(3, 64)
    ours = loss(net=net)
    value, slope = with_gradient(lambda image: ours(image, target), target)
    assert value == 0 and not slope.any()


@pytest.mark.parametrize("net", NEEDS)
def test_features_whose_squares_vanish_have_a_finite_gradient(net: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package's is NaN there: the slope of a root at 0."""
    _, target = pair(3, 64)
    state = random_weights.random_state
    monkeypatch.setattr(
        random_weights, "random_state", lambda name: {key: 1e-25 * value for key, value in state(name).items()}
    )
    ours = loss(net=net)
    _, slope = with_gradient(lambda image: ours(image, target), 1 - target)
    assert bool(slope.isfinite().all())


@pytest.mark.parametrize("net", NEEDS)
def test_what_it_needs_is_what_it_loads(net: str, asked: list[str]) -> None:
    loss(net=net)
    assert tuple(asked) == Lpips.needs(Lpips.Settings(net=net)) == NEEDS[net]


def test_one_band_is_repeated_and_of_many_three_are_chosen() -> None:
    prediction, target = pair(1, 64)
    ours = loss(net="squeeze")
    three = ours(prediction.repeat(1, 3, 1, 1), target.repeat(1, 3, 1, 1))
    torch.testing.assert_close(ours(prediction, target), three, rtol=1e-6, atol=0)
    prediction, target = pair(4, 64)
    chosen = loss(net="squeeze", bands=(3, 1, 0))(prediction, target)
    assert torch.equal(chosen, ours(prediction[:, [3, 1, 0]], target[:, [3, 1, 0]]))


def test_of_maps_in_bfloat16_lengths_and_sums_are_not() -> None:
    prediction, target = pair(3, 64)
    ours = loss(net="alex")
    maps: list[list[Tensor]] = []
    ours.network.backbone.register_forward_hook(lambda *given: maps.append(given[2]))
    with torch.autocast("cpu", torch.bfloat16):
        found = ours(prediction, target)
    expected = torch.zeros(2, dtype=torch.float64)
    for place, (one, other) in enumerate(zip(*maps, strict=True)):
        assert one.dtype == torch.bfloat16
        x, y = (features.double() / features.double().norm(dim=1, keepdim=True) for features in (one, other))
        weight = random_state("lpips_alex")[f"lin{place}.model.1.weight"]
        expected += ((x - y).nan_to_num().square() * weight).sum(1).mean((1, 2))
    assert found.dtype == torch.float32
    assert found.item() == pytest.approx(expected.mean().item(), rel=1e-6)


def test_linear_layers_of_another_net_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    state = random_weights.random_state
    monkeypatch.setattr(
        random_weights, "random_state", lambda name: state("lpips_alex" if name == "lpips_vgg" else name)
    )
    with pytest.raises(ModelError, match=r"'lpips_vgg' are not those of LPIPS 0\.1: lin1"):
        loss()
    monkeypatch.setattr(random_weights, "random_state", lambda name: {} if name == "lpips_vgg" else state(name))
    with pytest.raises(ModelError, match=r"'lpips_vgg' .* lin0\.model\.1\.weight"):
        loss()


@pytest.mark.parametrize("net", ["alex", "squeeze"])
def test_it_keeps_the_contract_of_a_loss(net: str) -> None:
    conforms(Lpips, net=net)


@pytest.mark.slow
def test_it_keeps_the_contract_of_a_loss_with_vgg() -> None:
    conforms(Lpips)
