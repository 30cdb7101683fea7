"""The Laplacian pyramid of an image: what each octave adds to the next coarser one."""

from __future__ import annotations

import torch
from torch import Tensor

COARSEST = 16
"""Pixels that the short side of the coarsest level has at least."""


def levels_of(height: int, width: int) -> list[int]:
    """The names of an image's levels, finest first: 16 is the coarsest, each other twice the one below it.

    For sides that are powers of two they are the short sides of the levels. Empty where the image is smaller than 16.
    """
    octaves = (min(height, width) // COARSEST).bit_length()
    return [COARSEST << octave for octave in reversed(range(octaves))]


def pyramid(image: Tensor) -> dict[int, Tensor]:
    """``(c, h, w)`` in float64 to its levels by name, finest first; the coarsest is the blurred image itself."""
    found = {}
    *finer, coarsest = levels_of(*image.shape[-2:])
    for level in finer:
        smaller = halved(image)
        found[level] = image - doubled(smaller, image.shape[-2], image.shape[-1])
        image = smaller
    return {**found, coarsest: image}


def sound(valid: Tensor) -> dict[int, Tensor]:
    """``(h, w)`` to the pixels of each level that come from pixels with data alone."""
    found = {}
    gaps = (~valid.bool()).double()[None]
    *finer, coarsest = levels_of(*valid.shape)
    for level in finer:
        smaller = (halved(gaps) > 0).double()
        found[level] = (gaps + doubled(smaller, gaps.shape[-2], gaps.shape[-1]))[0] == 0
        gaps = smaller
    return {**found, coarsest: gaps[0] == 0}


def halved(image: Tensor) -> Tensor:
    """Blurred by the binomial window 1 4 6 4 1, mirrored at the border, and every second pixel of it."""
    return _halved_rows(_halved_rows(image).mT).mT


def doubled(image: Tensor, height: int, width: int) -> Tensor:
    """Back at the size it was halved from: zeros between the pixels, and the same window, which fills them."""
    return _doubled_rows(_doubled_rows(image, height).mT, width).mT


def _halved_rows(image: Tensor) -> Tensor:
    rows = _mirrored(image, 2)
    count = (image.shape[-2] + 1) // 2

    def tap(offset: int) -> Tensor:
        return rows[..., offset : offset + 2 * count - 1 : 2, :]

    return (tap(0) + tap(4) + 4 * (tap(1) + tap(3)) + 6 * tap(2)) / 16


def _doubled_rows(image: Tensor, length: int) -> Tensor:
    """Rows of an even place see three rows of the coarse image, those of an odd one see two."""
    count = image.shape[-2]
    last = image[..., count - 1 :, :] if length % 2 == 0 else image[..., count - 2 : count - 1, :]
    rows = torch.cat([image[..., 1:2, :], image, last], dim=-2)
    found = image.new_empty(*image.shape[:-2], length, image.shape[-1])
    found[..., 0::2, :] = (rows[..., :-2, :] + 6 * rows[..., 1:-1, :] + rows[..., 2:, :]) / 8
    found[..., 1::2, :] = ((rows[..., 1:-1, :] + rows[..., 2:, :]) / 2)[..., : length // 2, :]
    return found


def _mirrored(image: Tensor, reach: int) -> Tensor:
    """Rows beyond the border as in a mirror that stands on the outermost row."""
    before = image[..., 1 : reach + 1, :].flip(-2)
    behind = image[..., -reach - 1 : -1, :].flip(-2)
    return torch.cat([before, image, behind], dim=-2)
