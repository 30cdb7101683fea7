"""L1 and MSE against their formulas in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from spectra.errors import SpectraError
from spectra.loss import Loss
from spectra.losses.l1 import L1
from spectra.losses.mse import Mse

KINDS: tuple[type[Loss], ...] = (L1, Mse)


def batch(dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    """A prediction that leaves the unit interval, as networks do, and a target within it."""
    random = torch.Generator().manual_seed(0)
    prediction = torch.randn(2, 3, 5, 7, generator=random, dtype=torch.float64) * 2
    return prediction.to(dtype).requires_grad_(), torch.rand(2, 3, 5, 7, generator=random, dtype=torch.float64).to(
        dtype
    )


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-6)])
def test_value_and_gradient_equal_the_formulas(dtype: torch.dtype, tolerance: float) -> None:
    for kind in KINDS:
        prediction, target = batch(dtype)
        loss = kind(kind.Settings())(prediction, target)
        loss.backward()
        error = prediction.detach().double().numpy() - target.double().numpy()
        value = np.abs(error).mean() if kind is L1 else (error**2).mean()
        gradient = np.sign(error) / error.size if kind is L1 else 2 * error / error.size
        assert loss.shape == ()
        assert loss.item() == pytest.approx(value, rel=tolerance)
        assert prediction.grad is not None
        np.testing.assert_allclose(prediction.grad.double().numpy(), gradient, rtol=tolerance)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_lost_or_learned_where_the_prediction_is_right(kind: type[Loss]) -> None:
    prediction, _ = batch()
    loss = kind(kind.Settings())(prediction, prediction.detach().clone())
    loss.backward()
    assert loss.item() == 0
    assert prediction.grad is not None
    assert not prediction.grad.any()


@pytest.mark.parametrize("kind", KINDS)
def test_shapes_that_torch_would_broadcast_are_refused(kind: type[Loss]) -> None:
    prediction, target = batch()
    with pytest.raises(SpectraError, match=r"\(2, 3, 5, 7\) with a target of \(2, 1, 5, 7\)"):
        kind(kind.Settings())(prediction, target[:, :1])
