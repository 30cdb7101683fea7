"""Items to score, and SSIM, PSNR, RMSE and MAE written from their formulas in float64."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spectra.metric import Metric, Scored
from spectra.metrics.mae import Mae
from spectra.metrics.psnr import Psnr
from spectra.metrics.rmse import Rmse
from spectra.metrics.ssim import Ssim
from spectra.modalities import Scale

BYTE = Scale(0, 255, "DN")
KINDS: tuple[type[Metric], ...] = (Psnr, Ssim, Rmse, Mae)


def metric(kind: type[Metric], /, **settings: Any) -> Metric:
    return kind(kind.Settings(**settings))


def item(
    prediction: Tensor, target: Tensor, valid: Tensor | None = None, scale: Scale = BYTE, name: str = "a"
) -> Scored:
    return Scored(prediction, target, target, name, "", scale, valid)


def images(
    seed: int, channels: int = 1, height: int = 24, width: int = 31, noise: float = 0.05
) -> tuple[Tensor, Tensor]:
    """A smooth target and a noisy prediction, on 8-bit levels."""
    random = np.random.default_rng(seed)
    rows, columns = np.linspace(0, 6, height)[:, None], np.linspace(0, 5, width)
    phase = random.random((channels, 1, 1)) * 6
    target = 0.5 + 0.4 * np.sin(rows + phase) * np.cos(columns)
    prediction = target + random.normal(0, noise, target.shape)
    levels = [np.round(np.clip(image, 0, 1) * 255) / 255 for image in (prediction, target)]
    return torch.from_numpy(levels[0]).float(), torch.from_numpy(levels[1]).float()


def value(kind: type[Metric], scored: Scored) -> float:
    found = metric(kind).update(scored)
    assert found is not None
    return found


def ssim_by_loop(prediction: Tensor, target: Tensor, valid: Tensor | None = None) -> float:
    offsets = np.arange(-5, 6)
    weights = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * 1.5**2))
    weights /= weights.sum()
    return float(np.mean([_channel(x, y, weights, valid) for x, y in zip(prediction, target, strict=True)]))


def _channel(prediction: Tensor, target: Tensor, weights: NDArray[np.float64], valid: Tensor | None) -> float:
    x, y = prediction.numpy().astype(np.float64), target.numpy().astype(np.float64)
    scores = []
    for top in range(x.shape[0] - 10):
        for left in range(x.shape[1] - 10):
            place = slice(top, top + 11), slice(left, left + 11)
            if valid is None or bool(valid[place].all()):
                scores.append(_window(x[place], y[place], weights))
    return math.fsum(scores) / len(scores)


def _window(x: NDArray[np.float64], y: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    mx, my = (weights * x).sum(), (weights * y).sum()
    vx, vy = (weights * (x - mx) ** 2).sum(), (weights * (y - my) ** 2).sum()
    cov = (weights * (x - mx) * (y - my)).sum()
    c1, c2 = 0.01**2, 0.03**2
    return float((2 * mx * my + c1) * (2 * cov + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2)))


def errors_by_loop(prediction: Tensor, target: Tensor, valid: Tensor | None = None) -> list[float]:
    channels, height, width = target.shape
    return [
        float(prediction[c, row, column]) - float(target[c, row, column])
        for c in range(channels)
        for row in range(height)
        for column in range(width)
        if valid is None or bool(valid[row, column])
    ]
