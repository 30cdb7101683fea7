"""Activations that are thrown away and computed again in backward: less memory for more time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any

import torch
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

from spectra.errors import SpectraError
from spectra.translator import Translator


def recompute(translator: Translator) -> None:
    """Let the modules that the translator names for it keep nothing of what they compute but their input."""
    modules = translator.recomputed()
    if not modules:
        raise SpectraError(
            f"`train.recompute` is asked for, and {type(translator).__name__} names no modules for it "
            "(`Translator.recomputed`). Leave it out; smaller crops or batches save memory too."
        )
    for module in modules:
        if "forward" not in vars(module):
            norms = [part for part in module.modules() if isinstance(part, _BatchNorm)]
            module.forward = partial(_forward, module.forward, norms)


def _forward(forward: Any, norms: Sequence[_BatchNorm], *inputs: Any) -> Any:
    if not torch.is_grad_enabled():
        return forward(*inputs)

    def contexts() -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
        return nullcontext(), _at_rest(norms)

    return checkpoint(forward, *inputs, use_reentrant=False, context_fn=contexts)


@contextmanager
def _at_rest(norms: Sequence[_BatchNorm]) -> Iterator[None]:
    """Batch norms that have followed a batch already do not follow it again."""
    momenta = [norm.momentum for norm in norms]
    counts = [None if norm.num_batches_tracked is None else norm.num_batches_tracked.clone() for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum, count in zip(norms, momenta, counts, strict=True):
            norm.momentum = momentum
            if count is not None and norm.num_batches_tracked is not None:
                norm.num_batches_tracked.copy_(count)
