from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from spectra.nn.norms import Norm, norm
from spectra.nn.residual import ResidualBlock
from spectra.nn.resnet_generator import ResnetGenerator

COUNTS: dict[tuple[int, int, int, Norm], int] = {
    (3, 3, 9, "instance"): 11_378_179,
    (3, 3, 9, "batch"): 11_383_427,
    (1, 1, 9, "instance"): 11_365_633,
    (1, 3, 9, "instance"): 11_371_907,
    (3, 3, 6, "instance"): 7_837_699,
    (3, 3, 6, "batch"): 7_841_411,
}


def small(**changes: Any) -> ResnetGenerator:
    torch.manual_seed(0)
    return ResnetGenerator(**{"source": 3, "target": 2, "width": 4, "blocks": 2, **changes})


@pytest.mark.parametrize(("source", "target", "blocks", "kind"), COUNTS)
def test_it_has_as_many_parameters_as_the_official_one(source: int, target: int, blocks: int, kind: Norm) -> None:
    with torch.device("meta"):
        net = ResnetGenerator(source, target, blocks=blocks, norm=kind)
    assert sum(parameter.numel() for parameter in net.parameters()) == COUNTS[source, target, blocks, kind]


def test_its_keys_are_the_official_ones() -> None:
    with torch.device("meta"):
        keys = list(ResnetGenerator(3, 3).state_dict())
    blocks = [f"model.{10 + block}.conv_block.{place}" for block in range(9) for place in (1, 5)]
    layers = ["model.1", "model.4", "model.7", *blocks, "model.19", "model.22", "model.26"]
    assert keys == [f"{layer}.{name}" for layer in layers for name in ("weight", "bias")]
    assert len(keys) == 48


def test_with_batch_norm_only_the_last_convolution_has_a_bias() -> None:
    net = small(norm="batch")
    biased = [name for name, part in net.named_modules() if isinstance(part, nn.Conv2d) and part.bias is not None]
    assert biased == ["model.19"]


@pytest.mark.parametrize("kind", ["instance", "batch", "none"])
@pytest.mark.parametrize("downs", [1, 2, 3])
def test_it_is_what_it_says_layer_by_layer(kind: Norm, downs: int) -> None:
    net = small(norm=kind, downs=downs).double()
    x = torch.rand(2, 3, 16, 24, dtype=torch.float64) * 2 - 1
    assert torch.allclose(net(x), by_hand(net, x, kind, downs), atol=1e-12)


def by_hand(net: ResnetGenerator, x: Tensor, kind: Norm, downs: int) -> Tensor:
    """Reflected 7×7, zero-padded strides, blocks, transposed convolutions, reflected 7×7, tanh."""
    layers = {name: part for name, part in net.named_modules() if isinstance(part, nn.Conv2d | nn.ConvTranspose2d)}
    order = [part for name, part in layers.items() if "conv_block" not in name]

    def after(values: Tensor) -> Tensor:
        return norm(kind, values.shape[1]).double()(values).relu()

    stem, last = order[0], order[-1]
    x = after(functional.conv2d(functional.pad(x, (3,) * 4, mode="reflect"), stem.weight, stem.bias))
    for layer in order[1 : 1 + downs]:
        x = after(functional.conv2d(functional.pad(x, (1,) * 4), layer.weight, layer.bias, stride=2))
    for block in (part for part in net.modules() if isinstance(part, ResidualBlock)):
        x = block(x)
    for layer in order[1 + downs : 1 + 2 * downs]:
        x = after(functional.conv_transpose2d(x, layer.weight, layer.bias, 2, padding=1, output_padding=1))
    x = functional.conv2d(functional.pad(x, (3,) * 4, mode="reflect"), last.weight, last.bias)
    return x.tanh()


@pytest.mark.parametrize(
    "change",
    [
        {"width": 8},
        {"blocks": 3},
        {"norm": "batch"},
        {"norm": "none"},
        {"dropout": 0.5},
        {"downs": 1},
        {"upsample": "k4"},
        {"upsample": "nearest"},
        {"upsample": "bilinear"},
    ],
    ids=str,
)
def test_every_setting_changes_the_image(change: dict[str, Any]) -> None:
    x = torch.rand(1, 3, 16, 16)
    assert small(**change)(x).shape == (1, 2, 16, 16)
    assert not torch.allclose(small(**change)(x), small()(x), atol=1e-4)


def test_of_few_bits_it_makes_an_image_in_float() -> None:
    with torch.autocast("cpu", torch.bfloat16):
        made = small()(torch.rand(1, 3, 16, 16))
    assert made.dtype == torch.float32
    assert len(made.unique()) > 300


def test_every_parameter_has_a_gradient() -> None:
    net = small(norm="batch")
    net(torch.rand(2, 3, 16, 16)).square().mean().backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in net.parameters())
