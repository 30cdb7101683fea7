"""What SSIM is made of: the similarity of means, and that of contrast and structure, window by window."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from spectra.losses.blur import blur

K1, K2 = 0.01, 0.03


def likeness(
    prediction: Tensor,
    target: Tensor,
    weights: list[float],
    span: Tensor | float = 1.0,
    valid: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """``l`` and ``cs`` of Wang et al. 2004, of every window wholly inside; ``span`` is the range of the values.

    With ``valid``, pixels outside it have no weight in a window, and those of the others are scaled up to a sum of 1.

    By the sum s and the difference d of both images, which need four blurred images and not five: 2 mx my is
    (ms² - md²) / 2, mx² + my² is (ms² + md²) / 2, and so the (co)variances.
    """
    means, variances = _moments(torch.stack([prediction + target, prediction - target]), weights, valid)
    return _similar(means.square(), (K1 * span) ** 2), _similar(variances, (K2 * span) ** 2)


def averaged(image: Tensor, weights: list[float], valid: Tensor | None = None) -> Tensor:
    """The mean of each window, over its valid pixels; 0 where it has none."""
    if valid is None:
        return blur(image, weights)
    mass = valid.to(image.dtype)
    return blur(image * mass, weights) / blur(mass, weights).clamp(min=1e-6)


def bordered(image: Tensor, weights: list[float]) -> Tensor:
    """With its own reflection around it, so that every pixel is the centre of a window."""
    return functional.pad(image, [len(weights) - 1] * 4, mode="reflect")


def _moments(images: Tensor, weights: list[float], valid: Tensor | None) -> tuple[Tensor, Tensor]:
    """Mean and variance. In bright and even images the mean of squares differs from the square of the mean in the last
    digits only, so the images are brought near 0 before."""
    level = images.detach().mean((-2, -1), keepdim=True)
    images = images - level
    means = averaged(images, weights, valid)
    return means + level, averaged(images.square(), weights, valid) - means.square()


def _similar(parts: Tensor, constant: Tensor | float) -> Tensor:
    """Of the sum's part and the difference's."""
    return 1 - parts[1] / ((parts[0] + parts[1]) / 2 + constant)
