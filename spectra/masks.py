"""Masks in training: brought to the size of what is compared, and what a loss sees where there is no data."""

from __future__ import annotations

import torch
from torch import Tensor

from spectra.errors import SpectraError
from spectra.loss import Loss


def compared(loss: Loss, prediction: Tensor, target: Tensor, valid: Tensor | None) -> Tensor:
    """The value of a loss, in which pixels outside ``valid``, ``(n, 1, h, w)``, play no part."""
    value: Tensor
    if valid is None:
        value = loss(prediction, target)
    elif loss.masked == "filled":
        value = loss(filled(prediction, target, valid), filled(target, target, valid))
    else:
        value = loss(prediction, target, valid)
    return value


def filled(image: Tensor, target: Tensor, valid: Tensor | None) -> Tensor:
    """``image`` with the target's mean over the valid pixels, image by image and channel by channel, elsewhere.

    No gradient comes from there. Where nothing is valid the mean is 0.
    """
    if valid is None:
        return image
    _check_channels(image, target)
    known = torch.where(valid, target.detach(), 0).sum((2, 3), keepdim=True)
    return torch.where(valid, image, known / valid.sum((2, 3), keepdim=True).clamp(min=1))


def mask_for(target: Tensor, valid: Tensor | None) -> Tensor | None:
    """The mask at the size of the target; refused where it cannot be the mask of these images."""
    if valid is None:
        return None
    if valid.ndim != 4 or valid.shape[:2] != (len(target), 1) or valid.dtype != torch.bool:
        raise SpectraError(
            f"A mask of {tuple(valid.shape)}, {valid.dtype}, does not fit a target of {tuple(target.shape)}: it is "
            "(n, 1, h, w), bool, for as many images. Say with `valid=` where the target has data; None: everywhere."
        )
    return resized(valid, (target.shape[2], target.shape[3]))


def resized(valid: Tensor, size: tuple[int, int]) -> Tensor:
    """A mask at another size: a pixel is valid where all that it comes from was.

    What it comes from is what bilinear interpolation with antialiasing looks at; means over areas look at less.
    """
    for axis, length in zip((2, 3), size, strict=True):
        if valid.shape[axis] != length:
            valid = _resized_along(valid, axis, length)
    return valid


def _resized_along(valid: Tensor, axis: int, length: int) -> Tensor:
    """In whole numbers: distances are multiplied by twice the new length."""
    old = valid.shape[axis]
    centre = (2 * torch.arange(length, device=valid.device) + 1) * old - length
    reach = 2 * max(old, length)
    first = ((centre - reach) // (2 * length) + 1).clamp(min=0)
    end = (-((-centre - reach) // (2 * length))).clamp(max=old)
    lost = (~valid).cumsum(axis)
    lost = torch.cat([torch.zeros_like(lost.narrow(axis, 0, 1)), lost], axis)
    return lost.index_select(axis, end) == lost.index_select(axis, first)


def _check_channels(image: Tensor, target: Tensor) -> None:
    if image.shape != target.shape:
        raise SpectraError(
            f"An image of {tuple(image.shape)} cannot be filled with the means of a target of {tuple(target.shape)}: "
            "give a target of its shape, or the image itself."
        )
