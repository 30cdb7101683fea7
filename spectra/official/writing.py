"""Checkpoints for other programs: written whole or not at all, and over nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from spectra.data.atomic import atomic

from .reading import CheckpointError

SUFFIXES = (".pth", ".pt", ".safetensors")


def write_checkpoint(state: Mapping[str, Tensor], path: Path) -> None:
    """Write tensors as `torch.save` or as safetensors does, which the suffix says."""
    require_new(path)
    # Clones: safetensors refuses tensors that share memory, and torch saves all the memory that a part lies in.
    tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in state.items()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic(path) as temporary:
            if path.suffix == ".safetensors":
                save_file(tensors, temporary)
            else:
                torch.save(tensors, temporary)
    except OSError as why:
        raise CheckpointError(f"{str(path)!r} cannot be written: {why.strerror or why}.") from None
    except (SafetensorError, RuntimeError) as why:  # of a disk that is full, both say it in their own way
        raise CheckpointError(f"{str(path)!r} cannot be written, perhaps because the disk is full: {why}") from None


def require_new(path: Path) -> None:
    """Raises where a checkpoint could not be written to ``path``."""
    if path.suffix not in SUFFIXES:
        raise CheckpointError(f"{str(path)!r} should end in {', '.join(SUFFIXES)}: the suffix says how to write it.")
    if os.path.lexists(path):
        raise CheckpointError(f"{str(path)!r} exists already; a checkpoint is never written over. Choose another name.")
