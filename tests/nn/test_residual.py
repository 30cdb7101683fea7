from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from spectra.nn.norms import Norm
from spectra.nn.residual import ResidualBlock


def normed(x: Tensor) -> Tensor:
    mean = x.mean((2, 3), keepdim=True)
    return (x - mean) / (((x - mean) ** 2).mean((2, 3), keepdim=True) + 1e-5).sqrt()


def reflected(x: Tensor) -> Tensor:
    x = torch.cat([x[..., 1:2, :], x, x[..., -2:-1, :]], 2)
    return torch.cat([x[..., 1:2], x, x[..., -2:-1]], 3)


def test_a_block_is_its_input_plus_two_reflected_convolutions_and_nothing_after_the_sum() -> None:
    block, x = ResidualBlock(4).double(), torch.randn(2, 4, 6, 5, dtype=torch.float64)
    first, first_bias, second, second_bias = block.state_dict().values()
    inner = normed(functional.conv2d(reflected(x), first, first_bias)).clamp(min=0)
    expected = x + normed(functional.conv2d(reflected(inner), second, second_bias))
    assert torch.allclose(block(x), expected, atol=1e-12)
    assert (block(x) < 0).any()


@pytest.mark.parametrize(("dropout", "second"), [(0.0, 5), (0.5, 6)])
def test_its_keys_are_the_official_ones(dropout: float, second: int) -> None:
    keys = [f"conv_block.{place}.{name}" for place in (1, second) for name in ("weight", "bias")]
    assert list(ResidualBlock(4, dropout=dropout).state_dict()) == keys


@pytest.mark.parametrize("kind", ["instance", "batch", "none"])
def test_its_bias_and_norm_can_be_chosen(kind: Norm) -> None:
    keys = list(ResidualBlock(4, kind, bias=False).state_dict())
    assert "conv_block.1.bias" not in keys
    assert ("conv_block.2.running_mean" in keys) == (kind == "batch")


def test_dropout_drops_only_in_training() -> None:
    torch.manual_seed(0)
    x, block = torch.randn(1, 4, 8, 8), ResidualBlock(4, dropout=0.5)
    assert not torch.equal(block(x), block(x))
    block.eval()
    assert torch.equal(block(x), block(x))


def test_it_leaves_its_input_as_it_is() -> None:
    x = torch.randn(1, 4, 8, 8)
    copy = x.clone()
    ResidualBlock(4)(x)
    assert torch.equal(x, copy)
