from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from spectra.errors import SpectraError
from spectra.losses.cycle import cycle
from spectra.losses.identity import identity

LOSSES = (cycle, identity)


@pytest.mark.parametrize("loss", LOSSES)
def test_it_is_the_mean_of_the_absolute_differences(loss: Callable[[Tensor, Tensor], Tensor]) -> None:
    one, other = torch.rand(2, 2, 3, 4, 5, dtype=torch.float64)
    expected = sum(abs(float(a) - float(b)) for a, b in zip(one.flatten(), other.flatten(), strict=True)) / one.numel()
    assert abs(float(loss(one, other)) - expected) < 1e-12
    assert loss(one, one) == 0


@pytest.mark.parametrize("loss", LOSSES)
def test_what_torch_would_broadcast_is_refused(loss: Callable[[Tensor, Tensor], Tensor]) -> None:
    with pytest.raises(SpectraError, match="one shape"):
        loss(torch.rand(1, 1, 4, 4), torch.rand(1, 3, 4, 4))


@pytest.mark.parametrize("loss", LOSSES)
def test_in_few_bits_it_is_computed_in_float(loss: Callable[[Tensor, Tensor], Tensor]) -> None:
    one, other = torch.rand(2, 1, 1, 64, 64).bfloat16()
    assert loss(one, other).dtype == torch.float32
    assert abs(float(loss(one, other)) - float(loss(one.double(), other.double()))) < 1e-6
