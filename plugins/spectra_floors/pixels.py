"""The pixels of a pair that count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from spectra import SpectraError

if TYPE_CHECKING:
    from spectra import Pair

BLOCK = 2**18  # pixels


def blocks(pairs: Iterable[Pair]) -> Iterator[tuple[Tensor, Tensor]]:
    """Source and target in float64 as ``(channels, pixels)``, a block at a time, without pixels that a mask marks."""
    for pair in pairs:
        source, target, valid = pair.source.pixels.flatten(1), pair.target.pixels.flatten(1), pair.valid
        if valid is not None:
            source, target = source[:, valid.flatten()], target[:, valid.flatten()]
        for x, y in zip(torch.split(source, BLOCK, 1), torch.split(target, BLOCK, 1), strict=True):
            yield x.double(), y.double()


def require_pixels(count: int) -> None:
    if not count:
        raise SpectraError("There is nothing to fit on: the pairs hold no pixel that is valid in both images.")
