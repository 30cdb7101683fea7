"""Activations that are thrown away and computed again in backward: less memory for more time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
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
            module.forward = _Recomputed(module.forward, norms)


def keep(translator: Translator) -> None:
    """Let all modules keep again what they compute."""
    for module in translator.modules():
        if isinstance(vars(module).get("forward"), _Recomputed):
            del module.forward


class _Recomputed:
    def __init__(self, forward: Callable[..., Any], norms: Sequence[_BatchNorm]) -> None:
        self.forward, self.norms = forward, norms

    def __call__(self, *inputs: Any) -> Any:
        if not torch.is_grad_enabled():
            return self.forward(*inputs)
        return checkpoint(self.forward, *inputs, use_reentrant=False, context_fn=self._contexts)

    def _contexts(self) -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
        return nullcontext(), _at_rest(self.norms)


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
