"""Batches with the channels of a pixel side by side in memory."""

from __future__ import annotations

import torch
from torch import Tensor

from spectra.stage import Batch, PairedBatch


def channels_last(batch: Batch) -> Batch:
    """The same batch, laid out as the networks are."""
    return Batch(**{name: _laid_out(entry) for name, entry in vars(batch).items()})


def _laid_out(entry: Tensor | tuple[Tensor, ...]) -> Tensor | tuple[Tensor, ...]:
    if isinstance(entry, Tensor):
        return entry.contiguous(memory_format=torch.channels_last)
    images = tuple(image.contiguous(memory_format=torch.channels_last) for image in entry)
    return PairedBatch(images, entry.valid) if isinstance(entry, PairedBatch) else images
