"""L_mix against a loop over pixels in float64, written from its formula."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from spectra.errors import SpectraError
from spectra.losses.l1 import L1
from spectra.losses.mix import Mix
from spectra.losses.ssim import Ssim
from spectra.settings import Config
from tests.losses.conform import conforms
from tests.losses.random_weights import pair

SIGMAS = (0.5, 1.0, 2.0, 4.0, 8.0)


def loss(**settings: Any) -> Mix:
    return Mix(Mix.Settings(**settings))


def by_loop(
    prediction: Tensor,
    target: Tensor,
    alpha: float = 0.84,
    sigmas: tuple[float, ...] = SIGMAS,
    reach: int = 16,
    padding: str = "reflect",
    valid: Tensor | None = None,
) -> float:
    """Each pixel's windows one by one; pixels without data have no weight, and the others' are scaled up."""
    offsets = np.arange(-reach, reach + 1)
    kernels = [np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * sigma**2)) for sigma in sigmas]
    height, width = target.shape[2:]
    margin = 0 if padding == "reflect" else reach
    found = []
    for n, c in np.ndindex(*target.shape[:2]):
        x, y = (np.pad(image[n, c].numpy(), reach - margin, mode="reflect") for image in (prediction, target))
        mask = np.ones((height, width)) if valid is None else valid[n, 0].numpy().astype(float)
        known = np.pad(mask, reach - margin, mode="reflect")
        for top in range(height - 2 * margin):
            for left in range(width - 2 * margin):
                if mask[top + margin, left + margin]:
                    place = slice(top, top + 2 * reach + 1), slice(left, left + 2 * reach + 1)
                    found.append(_pixel(x[place], y[place], known[place], kernels, alpha))
    return math.fsum(found) / len(found)


def _pixel(x: Any, y: Any, known: Any, kernels: list[Any], alpha: float) -> float:
    product = 1.0
    for kernel in kernels:
        weights = kernel * known / (kernel * known).sum()
        mx, my = (weights * x).sum(), (weights * y).sum()
        vx, vy = (weights * (x - mx) ** 2).sum(), (weights * (y - my) ** 2).sum()
        product *= (2 * (weights * (x - mx) * (y - my)).sum() + 0.0009) / (vx + vy + 0.0009)
    product *= (2 * mx * my + 0.0001) / (mx**2 + my**2 + 0.0001)
    return float(alpha * (1 - product) + (1 - alpha) * (weights * abs(x - y)).sum())


def test_it_equals_the_loop() -> None:
    prediction, target = pair(2, 24, count=1, dtype=torch.float64)
    assert loss()(prediction, target).item() == pytest.approx(by_loop(prediction, target), abs=1e-10)


@pytest.mark.parametrize(
    "settings",
    [
        {"alpha": 0.025},
        {"sigmas": (1.0, 3.0)},
        {"sigmas": (0.5,)},
        {"window": 9},
        {"padding": "valid", "window": 9},
        {"padding": "valid", "window": 15, "sigmas": (0.5,)},
    ],
)
def test_every_setting_tells_and_equals_the_loop(settings: dict[str, Any]) -> None:
    prediction, target = pair(1, 24, count=2, dtype=torch.float64)
    options = {key: value for key, value in settings.items() if key != "window"}
    expected = by_loop(prediction, target, reach=settings.get("window", 33) // 2, **options)
    found = loss(**settings)(prediction, target).item()
    assert found == pytest.approx(expected, abs=1e-10)
    assert abs(found - loss()(prediction, target).item()) > 1e-4


@pytest.mark.parametrize("padding", ["reflect", "valid"])
def test_pixels_without_data_have_no_weight(padding: str) -> None:
    prediction, target = pair(1, 24, count=2, dtype=torch.float64)
    valid = torch.rand(2, 1, 24, 24, generator=torch.Generator().manual_seed(0)) > 0.2
    valid[0, :, 8:, 4:12] = False
    expected = by_loop(prediction, target, reach=4, padding=padding, valid=valid)
    found = loss(window=9, padding=padding)(prediction.where(valid, torch.nan), target.where(valid, 1e6), valid)
    assert found.item() == pytest.approx(expected, abs=1e-9)


def test_single_is_ssim_and_the_mean_absolute_error() -> None:
    prediction, target = pair(3, 32)
    valid = torch.ones(2, 1, 32, 32, dtype=torch.bool)
    valid[0, :, :9] = False
    for mask in (None, valid):
        parts = Ssim(Ssim.Settings())(prediction, target, mask), L1(Config())(prediction, target, mask)
        expected = 0.84 * parts[0] + 0.16 * parts[1]
        torch.testing.assert_close(loss(kind="single")(prediction, target, mask), expected, rtol=0, atol=0)
    bare = loss(kind="single", alpha=0.0)(prediction, target)
    assert bare.item() == pytest.approx(L1(Config())(prediction, target).item(), abs=1e-7)


def test_in_float32_it_keeps_six_digits_and_variances_are_not_taken_in_bfloat16() -> None:
    prediction, target = pair(3, 64)
    exact = loss()(prediction.double(), target.double()).item()
    assert loss()(prediction, target).item() == pytest.approx(exact, abs=1e-6)
    low = [image.bfloat16() for image in (prediction, target)]
    exact = loss()(*(image.double() for image in low)).item()
    with torch.autocast("cpu", torch.bfloat16):
        found = loss()(*low)
    assert found.dtype == torch.float32 and found.item() == pytest.approx(exact, abs=1e-6)


def test_the_gradient_is_that_of_small_steps() -> None:
    prediction, target = (image[..., :11] for image in pair(1, 16, count=1, dtype=torch.float64))
    valid = torch.ones(1, 1, 16, 11, dtype=torch.bool)
    valid[..., 5, 2] = False
    for settings in ({"sigmas": (0.5, 1.5)}, {"padding": "valid"}, {"kind": "single"}):
        ours = loss(**settings, window=9)
        for mask in (None, valid):
            assert torch.autograd.gradcheck(
                lambda x, ours=ours, mask=mask: ours(x, target, mask), prediction.requires_grad_()
            )


def test_equal_and_constant_images_cost_nothing_and_have_a_finite_gradient() -> None:
    _, target = pair(3, 40)
    for image in (target, torch.zeros_like(target), torch.ones_like(target)):
        leaf = image.clone().requires_grad_()
        value = loss()(leaf, image)
        value.backward()
        assert abs(value.item()) < 1e-6 and leaf.grad is not None and bool(leaf.grad.isfinite().all())


@pytest.mark.parametrize("settings", [{}, {"kind": "single"}, {"padding": "valid"}])
def test_it_keeps_the_contract_of_a_loss(settings: dict[str, Any]) -> None:
    conforms(Mix, **settings)


def test_images_that_are_too_small_are_refused() -> None:
    small = torch.rand(1, 1, 16, 40)
    with pytest.raises(SpectraError, match=r"'mix' needs sides of 17 pixels, not 16×40: .*`kind: single`"):
        loss()(small, small)
    with pytest.raises(SpectraError, match="'mix' needs sides of 33 pixels"):
        loss(padding="valid")(small, small)


@pytest.mark.parametrize(
    "settings", [{"window": 8}, {"sigmas": (2.0, 1.0)}, {"sigmas": ()}, {"sigmas": (0.0,)}, {"alpha": 2}]
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Mix.Settings(**settings)
