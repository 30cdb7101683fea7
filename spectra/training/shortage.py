"""Out of memory: what to lower."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from spectra.errors import SpectraError

_OF_THE_CPU = ("DefaultCPUAllocator", "not enough memory", "can't allocate memory")


@contextmanager
def explained() -> Iterator[None]:
    """Turn the fault of an allocator into advice; the checkpoints that were written stay as they are."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as why:
        raise _advice(why) from why
    except RuntimeError as why:
        if not any(sign in str(why) for sign in _OF_THE_CPU):
            raise
        raise _advice(why) from why


def _advice(why: BaseException) -> SpectraError:
    first = (str(why).splitlines() or [""])[0]
    return SpectraError(
        "The memory is not enough for a step of training. In this order: lower `train.batch_size` and raise "
        "`train.accumulate` by as much, lower `train.crop`, set `train.precision: bf16`, set `train.recompute: true`."
        + (f"\nThe allocator says: {first}" if first else "")
    )
