from __future__ import annotations

from typing import get_args

import pytest
import torch
from torch.nn import functional

from spectra.nn.upsample import Upsampling, upsample

KINDS = get_args(Upsampling)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(4, 6), (5, 3), (2, 2)])
def test_every_kind_doubles_the_size_exactly(kind: Upsampling, size: tuple[int, int]) -> None:
    made = upsample(kind, 3, 5)(torch.rand(2, 3, *size))
    assert made.shape == (2, 5, 2 * size[0], 2 * size[1])


def test_the_official_layer_is_bare_and_has_a_kernel_of_three() -> None:
    state = upsample("transposed", 3, 5).state_dict()
    assert {key: tuple(tensor.shape) for key, tensor in state.items()} == {"weight": (3, 5, 3, 3), "bias": (5,)}
    assert tuple(upsample("k4", 3, 5).state_dict()["weight"].shape) == (3, 5, 4, 4)


@pytest.mark.parametrize("kind", KINDS)
def test_a_bias_can_be_left_out(kind: Upsampling) -> None:
    assert any("bias" in key for key in upsample(kind, 2, 2).state_dict())
    assert not any("bias" in key for key in upsample(kind, 2, 2, bias=False).state_dict())


def test_a_kernel_of_three_overlaps_unevenly_and_one_of_four_evenly() -> None:
    """How many inputs reach each result: the checkerboard, and its cure."""
    for kind, expected in (("transposed", {1.0, 2.0, 4.0}), ("k4", {4.0})):
        layer = upsample(kind, 1, 1, bias=False)
        torch.nn.init.ones_(layer.get_parameter("weight"))
        assert set(layer(torch.ones(1, 1, 8, 8))[..., 2:-2, 2:-2].flatten().tolist()) == expected


def test_of_a_uniform_image_interpolation_makes_a_uniform_one_up_to_the_edge() -> None:
    for kind in ("nearest", "bilinear"):
        made = upsample(kind, 1, 1)(torch.full((1, 1, 4, 4), 0.7))
        assert torch.allclose(made, made[..., :1, :1].expand_as(made), atol=1e-6)


def test_interpolation_is_followed_by_a_reflected_convolution() -> None:
    for kind in ("nearest", "bilinear"):
        x, layer = torch.rand(1, 2, 4, 4, dtype=torch.float64), upsample(kind, 2, 3).double()
        larger = functional.interpolate(x, (8, 8), mode=kind)
        padded = torch.cat([larger[..., 1:2, :], larger, larger[..., -2:-1, :]], 2)
        padded = torch.cat([padded[..., 1:2], padded, padded[..., -2:-1]], 3)
        weight, bias = layer.state_dict().values()
        assert torch.allclose(layer(x), functional.conv2d(padded, weight, bias), atol=1e-12)
