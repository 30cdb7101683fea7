"""The three readings of L2, against loops in float64 and against each other."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from spectra.errors import SpectraError
from spectra.losses.l2 import L2
from tests.losses.conform import conforms

KINDS = ("rmse", "norm", "mse")


def images(dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor]:
    random = torch.Generator().manual_seed(0)
    prediction = torch.randn(3, 2, 5, 7, generator=random, dtype=torch.float64)
    target = torch.rand(3, 2, 5, 7, generator=random, dtype=torch.float64)
    valid = torch.rand(3, 1, 5, 7, generator=random) > 0.3
    return prediction.to(dtype), target.to(dtype), valid


def loss(kind: str = "rmse", range: str = "unit") -> L2:
    return L2(L2.Settings(kind=kind, range=range))


def by_loop(prediction: Tensor, target: Tensor, valid: Tensor, kind: str, factor: float = 1.0) -> float:
    found = []
    for n in range(len(target)):
        kept = valid[n].expand_as(target[n])
        errors = (factor * (prediction[n] - target[n])[kept]).tolist()
        if errors:
            total = math.fsum(error**2 for error in errors)
            count = 1 if kind == "norm" else len(errors)
            found.append(total / count if kind == "mse" else math.sqrt(total / count))
    return math.fsum(found) / len(found)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("range", "factor"), [("unit", 1), ("sym", 2)])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-6)])
def test_it_is_the_mean_over_images_of_a_loop_over_valid_pixels(
    kind: str, range: str, factor: float, dtype: torch.dtype, tolerance: float
) -> None:
    prediction, target, valid = images(dtype)
    everywhere = torch.ones_like(valid)
    expected = by_loop(prediction.double(), target.double(), everywhere, kind, factor)
    assert loss(kind, range)(prediction, target).item() == pytest.approx(expected, rel=tolerance)
    expected = by_loop(prediction.double(), target.double(), valid, kind, factor)
    assert loss(kind, range)(prediction, target, valid).item() == pytest.approx(expected, rel=tolerance)


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_without_any_data_does_not_count(kind: str) -> None:
    prediction, target, valid = images()
    valid[1] = False
    expected = by_loop(prediction, target, valid, kind)
    assert loss(kind)(prediction, target, valid).item() == pytest.approx(expected, rel=1e-12)
    leaf = prediction.requires_grad_()
    nothing = loss(kind)(leaf, target, torch.zeros_like(valid))
    nothing.backward()
    assert nothing.item() == 0 and leaf.grad is not None and not leaf.grad.any()


def gradient(kind: str, size: tuple[int, ...], factor: float = 1.0) -> float:
    random = torch.Generator().manual_seed(1)
    target = torch.rand(1, *size, generator=random, dtype=torch.float64)
    leaf = (target + 0.08 * torch.randn(target.shape, generator=random, dtype=torch.float64)).requires_grad_()
    (factor * loss(kind)(leaf, target)).backward()
    assert leaf.grad is not None
    return float(leaf.grad.norm())


@pytest.mark.parametrize("size", [(3, 64, 64), (1, 64, 64)])
def test_at_the_image_the_gradient_of_the_norm_is_1_and_of_the_rmse_1_over_root_n(size: tuple[int, ...]) -> None:
    root = math.sqrt(math.prod(size))
    assert gradient("norm", size) == pytest.approx(1, rel=1e-9)
    assert gradient("rmse", size) == pytest.approx(1 / root, rel=1e-9)
    assert gradient("mse", size) == pytest.approx(2 * 0.08 / root, rel=0.02)


def test_the_norm_is_the_rmse_with_a_weight_of_root_n() -> None:
    prediction, target, _ = images()
    root = math.sqrt(target[0].numel())
    found = []
    for kind, weight in (("norm", 1.0), ("rmse", root)):
        leaf = prediction.clone().requires_grad_()
        value = weight * loss(kind)(leaf, target)
        value.backward()
        assert leaf.grad is not None
        found.append((value.detach(), leaf.grad))
    torch.testing.assert_close(found[0], found[1], rtol=1e-12, atol=0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_equal_images_cost_nothing_and_teach_nothing(kind: str, dtype: torch.dtype) -> None:
    _, target, valid = images(dtype)
    for mask in (None, valid):
        leaf = target.clone().requires_grad_()
        value = loss(kind)(leaf, target, mask)
        value.backward()
        assert value.item() < 2e-6
        assert leaf.grad is not None and not leaf.grad.any()


def test_one_image_alone_and_a_batch_of_two_of_it_are_the_same() -> None:
    prediction, target, _ = images()
    for kind in KINDS:
        one = loss(kind)(prediction[:1], target[:1])
        assert torch.isclose(one, loss(kind)(prediction[[0, 0]], target[[0, 0]]), rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_sums_are_not_taken_in_bfloat16(kind: str) -> None:
    prediction, target, _ = images(torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        found = loss(kind)(prediction, target)
        low = loss(kind)(prediction.bfloat16(), target.bfloat16())
    assert found.dtype == low.dtype == torch.float32
    torch.testing.assert_close(found, loss(kind)(prediction, target), rtol=0, atol=0)
    exact = loss(kind)(prediction.bfloat16().double(), target.bfloat16().double())
    torch.testing.assert_close(low.double(), exact, rtol=1e-6, atol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_it_keeps_the_contract_of_a_loss(kind: str) -> None:
    conforms(L2, kind=kind, range="sym")


def test_shapes_that_torch_would_broadcast_are_refused() -> None:
    prediction, target, _ = images()
    with pytest.raises(SpectraError, match="images of one shape"):
        loss()(prediction, target[:, :1])


def test_the_gradient_equals_its_formula() -> None:
    prediction, target, _ = images()
    leaf = prediction.clone().requires_grad_()
    loss("rmse")(leaf, target).backward()
    error = (prediction - target).numpy()
    rmse = np.sqrt((error**2).mean((1, 2, 3), keepdims=True))
    assert leaf.grad is not None
    np.testing.assert_allclose(leaf.grad.numpy(), error / (rmse * error[0].size) / 3, rtol=1e-9)
