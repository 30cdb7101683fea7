"""The processes that train together, as `torchrun` starts them; one alone is a world too."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
from torch import Tensor, distributed

from spectra.errors import SpectraError

PATIENCE = timedelta(days=7)
"""The others wait while the first one evaluates and writes."""
BUCKET = 2**25
"""Numbers that are averaged in one message."""


@dataclass(frozen=True)
class World:
    """This process among all."""

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether it is this process that writes and tells."""
        return self.rank == 0

    def share(self, count: int) -> tuple[int, int]:
        """Of so many images, the first that are ours, and where the next one's begin."""
        return count * self.rank // self.size, count * (self.rank + 1) // self.size

    def add_up(self, values: Sequence[Tensor]) -> None:
        """Each becomes its sum over all processes."""
        if self.size == 1:
            return
        for bucket in _buckets(values):
            flat = torch.cat([value.reshape(-1) for value in bucket])
            distributed.all_reduce(flat)
            parts = torch.split(flat, [value.numel() for value in bucket])
            for value, part in zip(bucket, parts, strict=True):
                value.copy_(part.view_as(value))

    def add_up_gradients(self, parameters: Sequence[Tensor]) -> None:
        """A parameter that has a gradient in any process has it in all; one that has none anywhere keeps none."""
        if self.size == 1:
            return
        present = torch.tensor([float(p.grad is not None) for p in parameters], device=parameters[0].device)
        distributed.all_reduce(present)
        told = [p for p, count in zip(parameters, present.tolist(), strict=True) if count]
        for parameter in told:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        self.add_up([p.grad for p in told if p.grad is not None])

    def same(self, tensors: Sequence[Tensor]) -> None:
        """All take the values of the first."""
        if self.size > 1:
            for tensor in tensors:
                held = tensor.detach().contiguous()
                distributed.broadcast(held, 0)
                tensor.detach().copy_(held)

    def gathered(self, state: Any) -> list[Any]:
        """What each process has, for the first; the others get their own alone."""
        if self.size == 1:
            return [state]
        found: list[Any] = [None] * self.size
        distributed.all_gather_object(found, state)
        return found if self.first else [state]

    def told(self, said: Any) -> Any:
        """What the first process says, in all."""
        if self.size == 1:
            return said
        box = [said]
        distributed.broadcast_object_list(box, 0)
        return box[0]


def _buckets(values: Sequence[Tensor]) -> Iterator[list[Tensor]]:
    """Tensors of one type together, up to the size of a message."""
    for kind in dict.fromkeys(value.dtype for value in values):
        bucket: list[Tensor] = []
        for value in values:
            if value.dtype == kind:
                bucket.append(value)
                if sum(held.numel() for held in bucket) >= BUCKET:
                    yield bucket
                    bucket = []
        if bucket:
            yield bucket


@contextmanager
def joined(device: str) -> Iterator[tuple[World, str]]:
    """The world that `torchrun` says, and this process's own device; without it, this process alone."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield World(), device
        return
    if not distributed.is_available():
        raise SpectraError("This torch was built without `torch.distributed`: it cannot train in several processes.")
    own = f"cuda:{os.environ.get('LOCAL_RANK', '0')}" if device == "cuda" else device
    if distributed.is_initialized():  # a run within a run
        yield World(distributed.get_rank(), distributed.get_world_size()), own
        return
    if own.startswith("cuda"):
        torch.cuda.set_device(own)
    backend = "nccl" if own.startswith("cuda") else "gloo"
    distributed.init_process_group(backend, timeout=PATIENCE)
    try:
        yield World(distributed.get_rank(), distributed.get_world_size()), own
    finally:
        distributed.destroy_process_group()
