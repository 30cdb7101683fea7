from __future__ import annotations

import pytest
import torch
from torch import Tensor

from spectra.losses.matching import feature_matching


def maps(seed: int, dtype: torch.dtype = torch.float64) -> list[list[Tensor]]:
    """Two scales of two features and verdicts."""
    generator = torch.Generator().manual_seed(seed)
    shapes = ((1, 2, 4, 4), (1, 3, 2, 2), (1, 1, 2, 2))
    return [
        [torch.randn(shape, dtype=torch.float64, generator=generator).to(dtype) for shape in shapes] for _ in range(2)
    ]


def test_it_is_the_sum_of_the_mean_differences_without_the_verdicts() -> None:
    fake, real = maps(0), maps(1)
    expected = 0.0
    for scale in range(2):
        for layer in range(2):
            pairs = list(zip(fake[scale][layer].flatten(), real[scale][layer].flatten(), strict=True))
            expected += sum(abs(float(one) - float(other)) for one, other in pairs) / len(pairs)
    assert abs(float(feature_matching(fake, real, 0.5)) - 0.5 * expected) < 1e-12


def test_no_gradient_goes_to_the_real_ones_nor_to_verdicts() -> None:
    fake, real = maps(0), maps(1)
    leaves = [one.requires_grad_() for scale in (*fake, *real) for one in scale]
    feature_matching(fake, real).backward()
    assert [leaf.grad is not None for leaf in leaves] == [True, True, False] * 2 + [False] * 6


def test_equal_maps_match() -> None:
    assert feature_matching(maps(0), maps(0)) == 0


def test_another_number_of_scales_is_an_error() -> None:
    with pytest.raises(ValueError, match="shorter"):
        feature_matching(maps(0), maps(1)[:1])


def test_in_few_bits_it_is_computed_in_float() -> None:
    assert feature_matching(maps(0, torch.bfloat16), maps(1, torch.bfloat16)).dtype == torch.float32
