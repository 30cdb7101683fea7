"""MS-SSIM."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import Tensor
from torch.nn import functional
from torchmetrics.functional import image as torchmetrics_image

from spectra.losses.ms_ssim import MsSsim as Loss
from spectra.metrics import windows
from spectra.metrics.ms_ssim import MsSsim
from tests.metrics.scored import images, item, metric

SSIM: Any = torchmetrics_image.structural_similarity_index_measure
MS_SSIM: Any = torchmetrics_image.multiscale_structural_similarity_index_measure
EXPONENTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
SMALL = {"levels": 3, "window": 5, "sigma": 1.0}


def score(prediction: Tensor, target: Tensor, valid: Tensor | None = None, **settings: Any) -> float:
    found = metric(MsSsim, **settings).update(item(prediction, target, valid))
    assert found is not None
    return found


def by_loop(prediction: Tensor, target: Tensor, levels: int, window: int, sigma: float) -> float:
    """From the formula, channel by channel and window by window."""
    offsets = np.arange(window) - window // 2
    weights = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * sigma**2))
    weights /= weights.sum()
    scores = []
    for x, y in zip(prediction.double().numpy(), target.double().numpy(), strict=True):
        found = 1.0
        for level in range(levels):
            likeness = []
            for top in range(x.shape[0] - window + 1):
                for left in range(x.shape[1] - window + 1):
                    a, b = (image[top : top + window, left : left + window] for image in (x, y))
                    mx, my = (weights * a).sum(), (weights * b).sum()
                    vx, vy = (weights * (a - mx) ** 2).sum(), (weights * (b - my) ** 2).sum()
                    cov = (weights * (a - mx) * (b - my)).sum()
                    luminance = (2 * mx * my + 1e-4) / (mx**2 + my**2 + 1e-4) if level == levels - 1 else 1.0
                    likeness.append(luminance * (2 * cov + 9e-4) / (vx + vy + 9e-4))
            exponent = EXPONENTS[level] * sum(EXPONENTS) / sum(EXPONENTS[:levels])
            found *= max(float(np.mean(likeness)), 0.0) ** exponent
            rows, columns = (length // 2 * 2 for length in x.shape)
            x, y = (
                (
                    image[0:rows:2, 0:columns:2]
                    + image[1:rows:2, 0:columns:2]
                    + image[0:rows:2, 1:columns:2]
                    + image[1:rows:2, 1:columns:2]
                )
                / 4
                for image in (x, y)
            )
        scores.append(found)
    return float(np.mean(scores))


@pytest.mark.parametrize(("channels", "height", "width"), [(1, 24, 27), (3, 20, 33)])
def test_it_equals_its_formula_in_a_float64_loop(channels: int, height: int, width: int) -> None:
    pair = images(1, channels, height, width)
    assert score(*pair, **SMALL) == pytest.approx(by_loop(*pair, **SMALL), rel=1e-9)


def by_torchmetrics(x: Tensor, y: Tensor) -> float:
    """Its levels one by one: its own product lets windows that hang over the border count on the last."""
    x, y, found = x[None, None].double(), y[None, None].double(), 1.0
    for level, exponent in enumerate(EXPONENTS):
        if level < len(EXPONENTS) - 1:
            _, factor = SSIM(x, y, data_range=1.0, return_contrast_sensitivity=True)
        else:
            factor = SSIM(x, y, data_range=1.0, return_full_image=True)[1][..., 5:-5, 5:-5].mean()
        found *= max(float(factor), 0.0) ** exponent
        x, y = functional.avg_pool2d(x, 2), functional.avg_pool2d(y, 2)
    return found


@pytest.mark.parametrize(("side", "noise"), [(176, 0.05), (201, 0.3)])
def test_it_equals_that_of_torchmetrics_at_our_border(side: int, noise: float) -> None:
    prediction, target = images(2, 2, side, side + 9, noise)
    channels = list(zip(prediction, target, strict=True))
    found = score(prediction, target)
    assert found == pytest.approx(np.mean([by_torchmetrics(x, y) for x, y in channels]), rel=1e-6)
    own = [float(MS_SSIM(x[None, None].double(), y[None, None].double(), data_range=1.0)) for x, y in channels]
    assert found == pytest.approx(np.mean(own), rel=1e-4)


def test_it_is_what_the_loss_of_that_name_learns() -> None:
    prediction, target = images(3, 3, 48, 53)
    loss = Loss(Loss.Settings(**SMALL))(prediction[None].double(), target[None].double())
    assert 1 - loss.item() == pytest.approx(score(prediction, target, **SMALL), rel=1e-9)


def test_strips_do_not_change_the_number(monkeypatch: pytest.MonkeyPatch) -> None:
    prediction, target = images(4, 2, 120, 30)
    whole = score(prediction, target, **SMALL)
    for name, value in (("_STRIP", 1), ("_TALL", 2)):
        monkeypatch.setattr(windows, name, value)
    assert score(prediction, target, **SMALL) == pytest.approx(whole, rel=1e-12)


def test_an_image_that_resembles_its_target_in_nothing_scores_0() -> None:
    _, target = images(5, 1, 24, 24)
    assert score(1 - target, target, **SMALL) == 0


def test_pixels_without_data_are_filled_with_the_mean_of_the_target() -> None:
    prediction, target = images(6, 2, 40, 41)
    valid = torch.ones(40, 41, dtype=torch.bool)
    valid[5:20, 8:30] = False
    filled = item(prediction, target, valid).filled()
    hidden = [torch.where(valid, image, torch.nan) for image in (prediction, target)]
    assert score(*hidden, valid, **SMALL) == score(filled.prediction, filled.target, **SMALL)
    assert "|masked:filled-with-target-mean|" in metric(MsSsim).signature


@pytest.mark.parametrize(("side", "settings", "least"), [(175, {}, 176), (87, {"levels": 4}, 88), (39, SMALL, 40)])
def test_images_too_small_for_the_levels_are_left_out(side: int, settings: dict[str, Any], least: int) -> None:
    if least == 40:
        settings = {**settings, "levels": 4}
    judge = metric(MsSsim, **settings)
    assert judge.update(item(*images(7, 1, side, 200))) is None
    assert judge.result().reason.startswith(f"1 image left out: smaller than {least} pixels")
    assert judge.update(item(*images(7, 1, side + 1, 200))) is not None


@pytest.mark.parametrize("settings", [{"levels": 2}, {"window": 7}, {"sigma": 2.0}])
def test_each_setting_changes_the_number_and_the_signature(settings: dict[str, Any]) -> None:
    pair = images(8, 1, 48, 48)
    assert score(*pair, **{**SMALL, **settings}) != score(*pair, **SMALL)
    assert metric(MsSsim, **{**SMALL, **settings}).signature != metric(MsSsim, **SMALL).signature


def test_settings_that_cannot_be_are_refused() -> None:
    for wrong in ({"levels": 6}, {"levels": 0}, {"window": 4}):
        with pytest.raises(ValidationError):
            metric(MsSsim, **wrong)


def test_the_second_method_is_scored_with_what_is_remembered_of_the_target(monkeypatch: pytest.MonkeyPatch) -> None:
    from spectra.metrics import ms_ssim

    first = item(*images(9, 1, 48, 48))
    metric(MsSsim, **SMALL).update(first)
    monkeypatch.setattr(ms_ssim, "averaged", lambda *_: pytest.fail("it computes anew what is remembered"))
    other = replace(first, prediction=images(10, 1, 48, 48)[0])
    assert metric(MsSsim, **SMALL).update(other) is not None
