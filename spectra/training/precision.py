"""The numbers that a stage is computed with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch

from spectra.recipe.train import Precision

_TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


def computing(precision: Precision, device: torch.device) -> AbstractContextManager[object]:
    """Around everything that is computed forward, but not around backward."""
    if precision in _TYPES:
        return torch.autocast(device.type, dtype=_TYPES[precision])
    return nullcontext()


@contextmanager
def tensor_cores(precision: Precision) -> Iterator[None]:
    """Whether a GPU may round fp32 to tf32: `fp32` means fp32, in convolutions too, which torch rounds by default."""
    if not torch.cuda.is_available():
        yield
        return
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matmul.allow_tf32, cudnn.allow_tf32
    matmul.allow_tf32 = cudnn.allow_tf32 = precision != "fp32"
    try:
        yield
    finally:
        matmul.allow_tf32, cudnn.allow_tf32 = before


def scaler_for(precision: Precision, device: torch.device) -> torch.amp.GradScaler | None:
    """Only fp16 has so short a range that gradients must be scaled."""
    return torch.amp.GradScaler(device.type) if precision == "fp16" else None


def without_effect(precision: Precision, device: torch.device) -> str | None:
    """What to say of a precision that the device does not have."""
    if precision == "tf32" and device.type != "cuda":
        return f"`train.precision: tf32` changes nothing on {device.type}: it is computed in fp32."
    return None
