"""Which patches of a level are looked at: the same ones in prediction and target, whoever asks and in what order."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spectra.metrics.laplacian import pyramid, sound
from spectra.metrics.windows import whole_windows

Keys = NDArray[np.uint64]
Descriptors = NDArray[np.float32]


@dataclass(frozen=True)
class Places:
    """The patches that are drawn in one level of one image: their upper left corners."""

    tops: Tensor
    lefts: Tensor
    keys: Keys
    """What decides which of all images' patches are kept: pseudo-random, and known from the image alone."""

    def cut(self, level: Tensor, side: int) -> Descriptors:
        """``(c, h, w)`` to ``(patches, c * side * side)``."""
        windows = level.unfold(1, side, 1).unfold(2, side, 1)
        cut = windows[:, self.tops, self.lefts].transpose(0, 1)
        return cut.reshape(len(self.tops), -1).float().numpy()


@dataclass(frozen=True)
class Drawn:
    """What is known of a target before any prediction of it."""

    places: dict[int, Places]
    """By level; levels in which every patch touches a pixel without data are not in it."""
    descriptors: dict[int, Descriptors]


def draw(target: Tensor, valid: Tensor | None, identity: str, count: int, side: int) -> Drawn:
    """``count`` patches in every level of a target, drawn with replacement by a hash of ``identity`` and the level."""
    levels = pyramid(target.double())
    masks = {} if valid is None else sound(valid)
    places, descriptors = {}, {}
    for level, image in levels.items():
        free = _free(image, masks.get(level), side)
        if len(free):
            numbers = _numbers(f"{identity}|{level}", count)
            chosen = free[torch.from_numpy((numbers % np.uint64(len(free))).astype(np.int64))]
            columns = image.shape[-1] - side + 1
            where = Places(chosen // columns, chosen % columns, numbers)
            descriptors[level] = where.cut(image, side)
            places[level] = Places(where.tops, where.lefts, _keys(numbers, descriptors[level]))
    return Drawn(places, descriptors)


def _free(image: Tensor, mask: Tensor | None, side: int) -> Tensor:
    """The places at which a patch holds pixels with data alone, counted row by row."""
    height, width = image.shape[-2:]
    if mask is None:
        return torch.arange((height - side + 1) * (width - side + 1))
    return whole_windows(mask, side).flatten().nonzero()[:, 0]


def _numbers(identity: str, count: int) -> Keys:
    """Pseudo-random numbers that depend on the words and on nothing else."""
    start = int.from_bytes(hashlib.blake2b(identity.encode(errors="surrogateescape"), digest_size=8).digest(), "little")
    return _mixed(np.uint64(start) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15))


def _keys(numbers: Keys, descriptors: Descriptors) -> Keys:
    """Numbers in which the content of the patch takes part, so that images of one name are not one image."""
    words = descriptors.view(np.uint32).astype(np.uint64)
    factors = _mixed(np.arange(1, words.shape[1] + 1, dtype=np.uint64)) | np.uint64(1)
    return _mixed(numbers ^ (words * factors).sum(axis=1, dtype=np.uint64))


def _mixed(numbers: Keys) -> Keys:
    """The finalizer of SplitMix64 (Steele et al. 2014): every bit of the input moves every bit of the output."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))
