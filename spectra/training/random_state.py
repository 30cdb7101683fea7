"""What all random generators of a process will draw next, as a state for a checkpoint."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from spectra.errors import SpectraError
from spectra.training.state import State


def seed(number: int) -> None:
    """All generators begin with it, so that whatever a plugin draws from is the same in every run of that seed."""
    random.seed(number)
    np.random.seed([number >> 32, number & 0xFFFFFFFF])
    torch.manual_seed(number)


def random_state() -> State:
    """Of Python, of numpy, of torch on the CPU and, where CUDA is in use, on each of its devices."""
    version, numbers, gauss = random.getstate()
    return {
        "python": {"version": version, "numbers": torch.tensor(numbers), "gauss": gauss},
        "numpy": _kept(np.random.get_state(legacy=False)),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if _cuda_in_use() else None,
    }


def restore_random_state(state: Mapping[str, Any]) -> None:
    """From here on all generators draw what they drew after ``random_state``. CUDA is left alone if it was not in use.

    Another number of CUDA devices is an error, and then no generator is touched.
    """
    before = random_state()
    try:
        _require_as_many_devices(state)
        _restore(state)
    except (KeyError, TypeError, ValueError, RuntimeError, OverflowError, AttributeError) as why:
        _restore(before)
        raise SpectraError(f"The random states of the checkpoint cannot be restored: {why!r}.") from why


def _restore(state: Any) -> None:
    python = state["python"]
    random.setstate((python["version"], tuple(python["numbers"].tolist()), python["gauss"]))
    np.random.set_state(_given_back(state["numpy"]))
    torch.set_rng_state(state["torch"].cpu())
    if state["cuda"] is not None:
        torch.cuda.set_rng_state_all([device.cpu() for device in state["cuda"]])


def _cuda_in_use() -> bool:
    return bool(torch.cuda.is_initialized())  # type: ignore[no-untyped-call]


def _require_as_many_devices(state: Mapping[str, Any]) -> None:
    kept = state["cuda"]
    if kept is not None and len(kept) != (here := torch.cuda.device_count()):
        raise SpectraError(
            f"The checkpoint has the random states of {len(kept)} CUDA devices, and there are {here} here. Show as "
            "many as then, with CUDA_VISIBLE_DEVICES, or begin anew with --fresh."
        )


def _kept(value: Any) -> Any:
    """numpy's words for a generator, its arrays as tensors: of int64, as not every torch has unsigned ones."""
    if isinstance(value, Mapping):
        return {key: _kept(held) for key, held in value.items()}
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value.astype(np.uint64).view(np.int64))
    return value.item() if isinstance(value, np.generic) else value


def _given_back(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _given_back(held) for key, held in value.items()}
    return value.cpu().numpy().view(np.uint64) if isinstance(value, torch.Tensor) else value
