"""MS-SSIM as a loss: against pytorch_msssim where it is installed, and a pyramid in numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from spectra.errors import SpectraError
from spectra.losses import ms_ssim
from spectra.losses.ms_ssim import EXPONENTS, MsSsim
from spectra.losses.ssim import Ssim
from spectra.metrics.windows import gaussian
from tests.losses.conform import conforms
from tests.losses.random_weights import pair


def loss(**settings: Any) -> MsSsim:
    return MsSsim(MsSsim.Settings(**settings))


def reference(prediction: Tensor, target: Tensor, span: float = 1.0, levels: int = 5) -> Tensor:
    """With a window in float64, for that of the package is summed in float32; sides that halve without a rest."""
    package: Any = pytest.importorskip("pytorch_msssim")
    half = gaussian(11, 1.5)
    window = torch.tensor([*half[:0:-1], *half], dtype=prediction.dtype).view(1, 1, 1, -1)
    weights = np.array(EXPONENTS[:levels]) / sum(EXPONENTS[:levels]) * sum(EXPONENTS)
    found: Tensor = 1 - package.ms_ssim(
        prediction,
        target,
        data_range=span,
        win=window.repeat(prediction.shape[1], 1, 1, 1),
        weights=weights.tolist(),
    )
    return found


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("range", "span"), [("unit", 1.0), ("sym", 2.0)])
def test_it_equals_pytorch_msssim_in_value_and_gradient(channels: int, range: str, span: float) -> None:
    prediction, target = pair(channels, 192, dtype=torch.float64)
    found = []
    for function in (
        loss(range=range),
        lambda x, y: reference(*(((x, y), (2 * x - 1, 2 * y - 1))[range == "sym"]), span),
    ):
        leaf = prediction.clone().requires_grad_()
        value = function(leaf, target)
        value.backward()
        assert leaf.grad is not None
        found.append((value.detach(), leaf.grad))
    assert 0.01 < found[0][0] < 0.9
    torch.testing.assert_close(found[0][0], found[1][0], rtol=0, atol=1e-6)
    torch.testing.assert_close(found[0][1], found[1][1], rtol=1e-4, atol=1e-9)


def test_the_gradient_is_that_of_small_steps() -> None:
    prediction, target = pair(1, 16, count=2, dtype=torch.float64)
    ours = loss(levels=2, window=5)
    assert torch.autograd.gradcheck(lambda x: ours(x, target), prediction.requires_grad_())


def test_in_float32_it_keeps_six_digits() -> None:
    prediction, target = pair(3, 192)
    exact = loss()(prediction.double(), target.double()).item()
    assert loss()(prediction, target).item() == pytest.approx(exact, abs=1e-6)


@pytest.mark.parametrize(("levels", "height", "width"), [(5, 176, 185), (3, 51, 47)])
def test_it_equals_a_pyramid_of_means_over_2_by_2_and_odd_sides_lose_their_last_row_and_column(
    levels: int, height: int, width: int
) -> None:
    prediction, target = (image[..., :height, :width] for image in pair(1, 192, count=1, dtype=torch.float64))
    found = loss(levels=levels)(prediction, target).item()
    exponents = np.array(EXPONENTS[:levels]) / sum(EXPONENTS[:levels]) * sum(EXPONENTS)
    expected = 1.0
    for level, exponent in enumerate(exponents):
        if level:
            prediction, target = halved(prediction), halved(target)
        last = 1 - Ssim(Ssim.Settings())(prediction, target).item()
        expected *= (last if level == levels - 1 else contrast(prediction, target)) ** exponent
    assert found == pytest.approx(1 - expected, abs=1e-10)


def halved(image: Tensor) -> Tensor:
    height, width = image.shape[2] // 2 * 2, image.shape[3] // 2 * 2
    quarters = [image[..., top:height:2, left:width:2] for top in (0, 1) for left in (0, 1)]
    return torch.stack(quarters).mean(0)


def contrast(prediction: Tensor, target: Tensor) -> float:
    x, y = prediction[0, 0].numpy(), target[0, 0].numpy()
    half = np.array(gaussian(11, 1.5))
    line = np.concatenate([half[:0:-1], half])
    weights = np.outer(line, line)
    windows = [np.lib.stride_tricks.sliding_window_view(image, (11, 11)) for image in (x, y)]
    means = [(window * weights).sum((2, 3)) for window in windows]
    parts = [window - mean[..., None, None] for window, mean in zip(windows, means, strict=True)]
    covariance, *variances = (
        (weights * a * b).sum((2, 3)) for a, b in ((parts[0], parts[1]), (parts[0],) * 2, (parts[1],) * 2)
    )
    return float(((2 * covariance + 0.0009) / (sum(variances) + 0.0009)).mean())


@pytest.mark.parametrize("settings", [{"levels": 4}, {"window": 7}, {"sigma": 1.0}, {"range": "sym"}])
def test_every_setting_tells(settings: dict[str, Any]) -> None:
    prediction, target = pair(3, 192)
    assert abs(loss()(prediction, target).item() - loss(**settings)(prediction, target).item()) > 1e-4


def test_one_level_is_ssim_of_each_channel_with_the_sum_of_the_exponents() -> None:
    prediction, target = pair(1, 32, count=1, dtype=torch.float64)
    similar = 1 - Ssim(Ssim.Settings())(prediction, target).item()
    assert loss(levels=1)(prediction, target).item() == pytest.approx(1 - similar ** sum(EXPONENTS), abs=1e-12)


def test_images_that_resemble_in_nothing_cost_1_and_have_a_finite_gradient() -> None:
    _, target = pair(3, 64)
    leaf = (1 - target).requires_grad_()
    value = loss(levels=2)(leaf, target)
    value.backward()
    assert value.item() == 1
    assert leaf.grad is not None and bool(leaf.grad.isfinite().all())


def test_a_factor_of_exactly_0_has_a_finite_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ms_ssim, "likeness", lambda x, *_: (torch.ones_like(x), x - x.detach()))
    leaf = pair(3, 64)[0].requires_grad_()
    value = loss(levels=2)(leaf, leaf.detach())
    value.backward()
    assert value.item() == 1 and leaf.grad is not None and bool(leaf.grad.isfinite().all())


def test_equal_images_cost_nothing_and_have_a_finite_gradient() -> None:
    _, target = pair(3, 176)
    for image in (target, torch.zeros_like(target)):
        leaf = image.clone().requires_grad_()
        value = loss()(leaf, image)
        value.backward()
        assert abs(value.item()) < 1e-6 and leaf.grad is not None and bool(leaf.grad.isfinite().all())


def test_variances_are_not_taken_in_bfloat16() -> None:
    prediction, target = (image.bfloat16() for image in pair(3, 64))
    with torch.autocast("cpu", torch.bfloat16):
        found = loss(levels=2)(prediction, target)
    assert found.dtype == torch.float32
    exact = loss(levels=2)(prediction.double(), target.double()).item()
    assert found.item() == pytest.approx(exact, abs=1e-6)


def test_images_that_are_too_small_are_refused_with_the_least_size_and_what_would_fit() -> None:
    small = torch.rand(1, 1, 175, 200)
    with pytest.raises(SpectraError, match=r"'ms_ssim' needs sides of 176 pixels, not 175×200: .* or set `levels: 4`"):
        loss()(small, small)
    assert loss()(*(torch.rand(2, 1, 1, 176, 176))).isfinite()
    with pytest.raises(SpectraError, match="a smaller `window` and fewer `levels`"):
        loss()(small[..., :10, :], small[..., :10, :])


def test_it_keeps_the_contract_of_a_loss() -> None:
    conforms(MsSsim, levels=2)
