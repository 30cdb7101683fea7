"""A prediction on several scales: which of them a paired loss looks at."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from spectra.errors import SpectraError
from spectra.loss import Loss
from spectra.masks import compared, mask_for

Prediction = Tensor | Sequence[Tensor]
"""One image, or the same image on several scales, in any order."""


def at_scales(loss: Loss, prediction: Prediction, target: Tensor, valid: Tensor | None) -> Tensor:
    """The value of a loss at the finest scale, or the sum over all of them, as ``loss.scales`` says."""
    if isinstance(prediction, Tensor):
        return compared(loss, prediction, target, valid)
    if not prediction:
        raise SpectraError("A prediction on several scales is a list of images, and this one is empty.")
    chosen = list(prediction) if loss.scales == "all" else [finest(prediction)]
    values = [compared(loss, image, *_at_size_of(image, target, valid)) for image in chosen]
    return torch.stack(values).sum(0)


def finest(prediction: Prediction) -> Tensor:
    """The image with the most pixels."""
    if isinstance(prediction, Tensor):
        return prediction
    return max(prediction, key=lambda image: image.shape[-2] * image.shape[-1])


def _at_size_of(image: Tensor, target: Tensor, valid: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """The target by means over areas, and its mask."""
    size = image.shape[-2:]
    if size == target.shape[-2:]:
        return target, valid
    if size[0] > target.shape[-2] or size[1] > target.shape[-1]:
        raise SpectraError(
            f"A prediction of {tuple(image.shape)} is larger than its target of {tuple(target.shape)}: scales are "
            "those of the target and below."
        )
    smaller = functional.interpolate(target, size, mode="area")
    return smaller, mask_for(smaller, valid)
