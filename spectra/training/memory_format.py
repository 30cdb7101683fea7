"""The channels of a pixel side by side in memory: of batches, networks, and what optimizers remember of them."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from spectra.stage import Batch, PairedBatch


def channels_last(batch: Batch) -> Batch:
    """The same batch, laid out as the networks are."""
    return Batch(**{name: _laid_out(entry) for name, entry in vars(batch).items()})


def _laid_out(entry: Tensor | tuple[Tensor, ...]) -> Tensor | tuple[Tensor, ...]:
    if isinstance(entry, Tensor):
        return entry.contiguous(memory_format=torch.channels_last)
    images = tuple(image.contiguous(memory_format=torch.channels_last) for image in entry)
    return PairedBatch(images, entry.valid) if isinstance(entry, PairedBatch) else images


def lay_out(module: nn.Module, *, channels_last: bool) -> None:
    """The weights of a network, one way or the other."""
    module.to(memory_format=torch.channels_last if channels_last else torch.contiguous_format)


def follow(optimizer: Optimizer) -> None:
    """Moments lie in memory as their parameters do: a fused step goes through both place by place."""
    for parameter, kept in optimizer.state.items():
        for name, moment in kept.items():
            if isinstance(moment, Tensor) and moment.shape == parameter.shape:
                kept[name] = torch.empty_like(parameter, dtype=moment.dtype).copy_(moment)
