"""The processes that train together, as `torchrun` starts them; one alone is a world too."""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
from torch import Tensor, distributed

from spectra.errors import SpectraError, Stopped

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
            with _with_the_others():
                distributed.all_reduce(flat)
            parts = torch.split(flat, [value.numel() for value in bucket])
            for value, part in zip(bucket, parts, strict=True):
                value.copy_(part.view_as(value))

    def add_up_gradients(self, parameters: Sequence[Tensor]) -> None:
        """A parameter that has a gradient in any process has it in all; one that has none anywhere keeps none."""
        if self.size == 1:
            return
        present = torch.tensor([float(p.grad is not None) for p in parameters], device=parameters[0].device)
        self.add_up([present])
        told = [p for p, count in zip(parameters, present.tolist(), strict=True) if count]
        for parameter in told:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        self.add_up([p.grad for p in told if p.grad is not None])

    def same(self, tensors: Iterable[Tensor]) -> None:
        """All take the values of the first, of whatever type they are."""
        for tensor in tensors if self.size > 1 else ():
            held = tensor.detach().contiguous().reshape(-1)
            if held.numel():
                with _with_the_others():
                    distributed.broadcast(held.view(torch.uint8), 0)
                tensor.detach().copy_(held.view_as(tensor))

    def gathered(self, state: Any) -> list[Any]:
        """What each process has, for the first; the others get their own alone."""
        if self.size == 1:
            return [state]
        found: list[Any] = [None] * self.size
        with _with_the_others():
            distributed.all_gather_object(found, state)
        return found if self.first else [state]

    def told(self, said: Any) -> Any:
        """What the first process says, in all."""
        if self.size == 1:
            return said
        box = [said]
        with _with_the_others():
            distributed.broadcast_object_list(box, 0)
        return box[0]


@contextmanager
def _with_the_others() -> Iterator[None]:
    """Word of those that are gone, in place of what the network says of it."""
    try:
        yield
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as why:
        raise SpectraError(
            "Another of the processes that train together has ended, and its own message says why. "
            "What was saved before stays, and the same command goes on from it."
        ) from why


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
    if _Group.broken:
        raise SpectraError("One of the processes has failed, and the others cannot go on without it. Start them again.")
    if _Group.inside:  # a run within a run
        yield World(distributed.get_rank(), distributed.get_world_size()), own
        return
    _Group.begin(own)
    try:
        yield World(distributed.get_rank(), distributed.get_world_size()), own
    except Stopped:  # all of them, at the same step
        leave()
        raise
    except BaseException:
        _Group.end()
        raise
    finally:
        _Group.inside = False


def leave() -> None:
    """Part from the other processes, once all are ready to: a process that just ends would pull the others down."""
    if _Group.begun and not _Group.broken:
        distributed.barrier()
        _Group.end()


class _Group:
    """One for the life of a process: torch cannot join the same processes a second time."""

    begun = inside = broken = False

    @classmethod
    def begin(cls, device: str) -> None:
        if not cls.begun:
            if device.startswith("cuda"):
                torch.cuda.set_device(device)
            distributed.init_process_group("nccl" if device.startswith("cuda") else "gloo", timeout=PATIENCE)
            atexit.register(leave)
        cls.begun = cls.inside = True

    @classmethod
    def end(cls) -> None:
        """The others are told by it, if they wait for this one."""
        if not cls.broken:
            cls.broken = True
            distributed.destroy_process_group()
