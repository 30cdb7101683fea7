from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from spectra.nn.norms import Norm, norm
from spectra.nn.unet_generator import UnetGenerator, UnetLevel

COUNTS: dict[tuple[int, Norm], int] = {
    (8, "instance"): 54_409_603,
    (8, "batch"): 54_413_955,
    (7, "instance"): 41_825_667,
    (7, "batch"): 41_828_995,
}


def small(**changes: Any) -> UnetGenerator:
    torch.manual_seed(0)
    return UnetGenerator(**{"source": 3, "target": 2, "width": 4, "downs": 5, "dropout": 0.0, **changes})


@pytest.mark.parametrize(("downs", "kind"), COUNTS)
def test_it_has_as_many_parameters_as_the_official_one(downs: int, kind: Norm) -> None:
    with torch.device("meta"):
        net = UnetGenerator(3, 3, downs=downs, norm=kind)
    assert sum(parameter.numel() for parameter in net.parameters()) == COUNTS[downs, kind]


def test_its_keys_are_the_official_ones() -> None:
    """Level within level: 1 down, 2 norm, 3 the level within, 5 up, 6 norm; the innermost has no norm before it."""
    weights = [key for key in small(norm="instance").state_dict() if key.endswith(".weight")]
    inner = "model.model.1.model"
    levels = [inner + ".3.model" * depth for depth in range(4)]
    ups = [f"{levels[3]}.3", *(f"{level}.5" for level in reversed(levels[:3])), "model.model.3"]
    assert weights == [f"{layer}.weight" for layer in ["model.model.0", *(f"{one}.1" for one in levels), *ups]]
    assert f"{levels[0]}.6.running_mean" in small().state_dict()
    assert f"{levels[3]}.2.running_mean" not in small().state_dict()


def test_only_with_instance_norm_there_are_biases_but_for_the_last() -> None:
    def biased(kind: Norm) -> int:
        parts = [part for part in small(norm=kind).modules() if isinstance(part, nn.Conv2d | nn.ConvTranspose2d)]
        return sum(part.bias is not None for part in parts)

    assert [biased(kind) for kind in ("instance", "batch", "none")] == [10, 1, 1]


@pytest.mark.parametrize("kind", ["instance", "batch", "none"])
@pytest.mark.parametrize("downs", [2, 3, 5, 6])
def test_it_is_what_it_says_level_by_level(kind: Norm, downs: int) -> None:
    net = small(norm=kind, downs=downs).double()
    x = torch.rand(2, 3, 64, 128, dtype=torch.float64) * 2 - 1
    assert torch.allclose(net(x), by_hand(net, x, kind), atol=1e-10)


def by_hand(net: UnetGenerator, x: Tensor, kind: Norm) -> Tensor:
    """All the way down, then all the way up, without recursion."""
    downs = [part for part in net.modules() if isinstance(part, nn.Conv2d)]
    ups = [part for part in net.modules() if isinstance(part, nn.ConvTranspose2d)]

    def normed(values: Tensor) -> Tensor:
        return norm(kind, values.shape[1]).double()(values)

    passing = []
    for place, layer in enumerate(downs):
        x = functional.leaky_relu(x, 0.2) if place else x
        x = functional.conv2d(x, layer.weight, layer.bias, stride=2, padding=1)
        x = normed(x) if 0 < place < len(downs) - 1 else x
        passing.append(x)
    passing.pop()
    for place, layer in enumerate(ups):
        x = functional.conv_transpose2d(x.relu(), layer.weight, layer.bias, stride=2, padding=1)
        x = torch.cat([passing.pop(), normed(x)], 1) if place < len(ups) - 1 else x
    return x.tanh()


def test_dropout_is_on_the_levels_of_full_width_but_the_innermost() -> None:
    net = small(downs=8, dropout=0.5)
    levels = [part for part in net.modules() if isinstance(part, UnetLevel)]
    assert [isinstance(level.model[-1], nn.Dropout) for level in levels] == [False] * 3 + [True] * 3 + [False]


@pytest.mark.parametrize(
    "change",
    [
        {"width": 8},
        {"downs": 4},
        {"downs": 6},
        {"norm": "instance"},
        {"norm": "none"},
        {"downs": 6, "dropout": 0.5},
        {"upsample": "transposed"},
        {"upsample": "nearest"},
        {"upsample": "bilinear"},
    ],
    ids=str,
)
def test_every_setting_changes_the_image(change: dict[str, Any]) -> None:
    x = torch.rand(2, 3, 64, 64)
    base = small(**({"downs": 6} if "dropout" in change else {}))(x)
    assert small(**change)(x).shape == (2, 2, 64, 64)
    assert not torch.allclose(small(**change)(x), base, atol=1e-4)


def test_a_level_leaves_its_input_as_it_is() -> None:
    x = torch.randn(1, 8, 16, 16)
    copy = x.clone()
    UnetLevel(8, 8, None, "instance", 0.0, "k4")(x)
    assert torch.equal(x, copy)


def test_a_single_level_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        small(downs=1)


def test_of_few_bits_it_makes_an_image_in_float() -> None:
    with torch.autocast("cpu", torch.bfloat16):
        assert small()(torch.rand(1, 3, 64, 64)).dtype == torch.float32


def test_every_parameter_has_a_gradient() -> None:
    net = small()
    net(torch.rand(2, 3, 64, 64)).square().mean().backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in net.parameters())
