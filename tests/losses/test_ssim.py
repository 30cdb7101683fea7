"""SSIM as a loss: against scikit-image, torchmetrics, the metric, and loops in float64."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from skimage import metrics as skimage_metrics
from torch import Tensor
from torchmetrics.functional.image import structural_similarity_index_measure

from spectra.errors import SpectraError
from spectra.losses.blur import blur
from spectra.losses.ssim import Ssim
from spectra.metrics.ssim import Ssim as Metric
from spectra.metrics.windows import gaussian
from tests.losses.conform import conforms
from tests.losses.random_weights import pair
from tests.metrics.scored import item, ssim_by_loop, value

REFERENCE: Any = skimage_metrics
DOUBLE = torch.float64


def loss(**settings: Any) -> Ssim:
    return Ssim(Ssim.Settings(**settings))


def by_skimage(prediction: Tensor, target: Tensor, sigma: float = 1.5, span: float = 1.0) -> float:
    """Whole windows only: scikit-image reflects, and the border is cut off."""
    reach = int(3.5 * sigma + 0.5)
    found = []
    for x, y in zip(prediction.flatten(0, 1).numpy(), target.flatten(0, 1).numpy(), strict=True):
        options = {"gaussian_weights": True, "sigma": sigma, "use_sample_covariance": False, "data_range": span}
        _, whole = REFERENCE.structural_similarity(x, y, full=True, **options)
        found.append(whole[reach:-reach, reach:-reach].mean())
    return 1 - float(np.mean(found))


def gradient(function: Any, prediction: Tensor) -> Tensor:
    leaf = prediction.clone().requires_grad_()
    function(leaf).backward()
    assert leaf.grad is not None
    return leaf.grad


@pytest.mark.parametrize("channels", [1, 3, 5])
@pytest.mark.parametrize(("dtype", "tolerance"), [(DOUBLE, 1e-10), (torch.float32, 1e-6)])
def test_it_equals_scikit_image(channels: int, dtype: torch.dtype, tolerance: float) -> None:
    prediction, target = pair(channels, 40, dtype=dtype)
    assert loss()(prediction, target).item() == pytest.approx(
        by_skimage(prediction.double(), target.double()), abs=tolerance
    )


def test_it_equals_the_loop_with_and_without_a_mask_and_the_metric() -> None:
    prediction, target = pair(2, 24, count=1, dtype=DOUBLE)
    valid = torch.ones(1, 1, 24, 24, dtype=torch.bool)
    valid[..., 3, 4] = False
    for mask in (None, valid):
        plain = None if mask is None else mask[0, 0]
        expected = ssim_by_loop(prediction[0], target[0], plain)
        assert loss()(prediction, target, mask).item() == pytest.approx(1 - expected, abs=1e-12)
        scored = value(Metric, item(prediction[0].float(), target[0].float(), plain))
        assert loss()(prediction, target, mask).item() == pytest.approx(1 - scored, abs=1e-6)


@pytest.mark.parametrize("range", ["unit", "sym"])
@pytest.mark.parametrize("span", [None, 0.5, "batch"])
def test_with_reflection_it_equals_torchmetrics_in_value_and_gradient(range: str, span: Any) -> None:
    """Data-dependent range too: what Pix2Next's code learns by."""
    prediction, target = pair(3, 40, dtype=DOUBLE)
    data_range = {None: 1.0 if range == "unit" else 2.0, "batch": None}.get(span, span)

    def reference(image: Tensor) -> Tensor:
        one, other = (image, target) if range == "unit" else (2 * image - 1, 2 * target - 1)
        similar = structural_similarity_index_measure(one, other, data_range=data_range)
        assert isinstance(similar, Tensor)
        return 1 - similar

    ours = loss(range=range, data_range=span, padding="reflect")
    assert ours(prediction, target).item() == pytest.approx(reference(prediction).item(), abs=1e-10)
    found = gradient(lambda image: ours(image, target), prediction)
    torch.testing.assert_close(found, gradient(reference, prediction), rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("settings", [{"window": 7}, {"sigma": 1.0}, {"range": "sym"}, {"data_range": 2.0}])
@pytest.mark.parametrize("padding", ["valid", "reflect"])
def test_every_setting_tells(settings: dict[str, Any], padding: str) -> None:
    prediction, target = pair(3, 40)
    one, other = loss(padding=padding), loss(**settings, padding=padding)
    assert abs(one(prediction, target).item() - other(prediction, target).item()) > 1e-4


def test_another_window_equals_a_loop() -> None:
    prediction, target = pair(1, 16, count=1, dtype=DOUBLE)
    offsets = np.arange(-3, 4)
    weights = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * 2.0**2))
    weights /= weights.sum()
    x, y = prediction[0, 0].numpy(), target[0, 0].numpy()
    found = []
    for top in range(10):
        for left in range(10):
            a, b = x[top : top + 7, left : left + 7], y[top : top + 7, left : left + 7]
            mx, my = (weights * a).sum(), (weights * b).sum()
            vx, vy, cov = (
                (weights * (p - m) * (q - k)).sum() for p, m, q, k in ((a, mx, a, mx), (b, my, b, my), (a, mx, b, my))
            )
            c1, c2 = (0.01 * 3) ** 2, (0.03 * 3) ** 2
            found.append((2 * mx * my + c1) * (2 * cov + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2)))
    ours = loss(window=7, sigma=2.0, data_range=3.0)(prediction, target).item()
    assert ours == pytest.approx(1 - math.fsum(found) / len(found), abs=1e-12)


def test_the_gradient_is_that_of_small_steps() -> None:
    prediction, target = pair(2, 16, count=1, dtype=DOUBLE)
    valid = torch.ones(1, 1, 16, 16, dtype=torch.bool)
    valid[..., 0, 2] = False
    for padding in ("valid", "reflect"):
        for mask in (None, valid):
            ours = loss(window=5, padding=padding)
            assert torch.autograd.gradcheck(
                lambda x, ours=ours, mask=mask: ours(x, target, mask), prediction.requires_grad_()
            )


def test_the_blur_can_be_differentiated_twice() -> None:
    image = torch.rand(1, 2, 9, 8, dtype=DOUBLE, generator=torch.Generator().manual_seed(0)).requires_grad_()
    weights = gaussian(5, 1.0)
    assert torch.autograd.gradcheck(lambda x: blur(x, weights), image)
    assert torch.autograd.gradgradcheck(lambda x: blur(x, weights).square(), image)


def test_bright_and_even_images_keep_their_digits_in_float32() -> None:
    noise = torch.randn(2, 1, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    for level, strength in ((0.95, 0.003), (0.95, 0.03), (1.0, 0.0)):
        prediction, target = level + strength * noise[0], level - 0.05 + strength * noise[1]
        exact = loss()(prediction.double(), target.double()).item()
        assert loss()(prediction, target).item() == pytest.approx(exact, abs=2e-6)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_variances_are_not_taken_in_low_precision(dtype: torch.dtype) -> None:
    prediction, target = (image.to(dtype) for image in pair(3, 40))
    with torch.autocast("cpu", torch.bfloat16):
        found = loss()(prediction, target)
    assert found.dtype == torch.float32
    assert found.item() == pytest.approx(loss()(prediction.double(), target.double()).item(), abs=1e-6)


@pytest.mark.parametrize("settings", [{}, {"padding": "reflect", "data_range": "batch"}])
def test_equal_and_constant_images_have_a_finite_gradient(settings: dict[str, Any]) -> None:
    _, target = pair(3, 32)
    for image in (target, torch.zeros_like(target), torch.ones_like(target)):
        leaf = image.clone().requires_grad_()
        value = loss(**settings)(leaf, image)
        value.backward()
        assert abs(value.item()) < 1e-6
        assert leaf.grad is not None and bool(leaf.grad.isfinite().all())


@pytest.mark.parametrize("settings", [{}, {"padding": "reflect"}, {"data_range": "batch", "range": "sym"}])
def test_it_keeps_the_contract_of_a_loss(settings: dict[str, Any]) -> None:
    conforms(Ssim, **settings)


def test_images_smaller_than_the_window_are_refused() -> None:
    with pytest.raises(SpectraError, match="'ssim' needs sides of 11 pixels, not 10×16: take larger"):
        loss()(torch.rand(1, 1, 10, 16), torch.rand(1, 1, 10, 16))
    least = torch.rand(1, 1, 6, 6)
    assert loss(padding="reflect")(least, 1 - least).isfinite()
    with pytest.raises(SpectraError, match="needs sides of 6 pixels"):
        loss(padding="reflect")(least[..., 1:], least[..., 1:])


@pytest.mark.parametrize("settings", [{"window": 8}, {"sigma": 0}, {"data_range": 0}, {"data_range": "image"}])
def test_settings_that_make_no_window_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Ssim.Settings(**settings)
