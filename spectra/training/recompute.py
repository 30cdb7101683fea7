"""Activations that are thrown away and computed again in backward: less memory for more time."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
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
            module.forward = partial(_forward, module.forward)


def _forward(forward: Any, *inputs: Any) -> Any:
    if not torch.is_grad_enabled():
        return forward(*inputs)
    return checkpoint(forward, *inputs, use_reentrant=False)
