"""State dicts of official codes, for plugins that import them: made plain, and checked before they load."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, NoReturn, TypeVar

import torch
from torch import Tensor

from spectra.errors import SpectraError

Settings = TypeVar("Settings")
Refuse = Callable[[str], NoReturn]
"""What raises the plugin's own error, of the reason that it is given."""
STATISTICS = re.compile(r".*\.(running_mean|running_var|num_batches_tracked)")


@dataclass(frozen=True)
class Found(Generic[Settings]):
    """What keys and shapes say: settings, and the channels of source and target."""

    settings: Settings
    source: int
    target: int


def refusing(method: str) -> Refuse:
    """The error of a method's importer: what it was given is no generator of it, and why."""

    def refuse(why: str) -> NoReturn:
        raise SpectraError(f"This is no generator of {method} that could be imported: {why}")

    return refuse


def is_convolution(state: Mapping[str, Tensor], layer: str, kernel: int | None = None) -> bool:
    """Whether a layer has the weights of a convolution over images, of a square kernel where its size is given."""
    weight = state.get(f"{layer}.weight")
    if not isinstance(weight, Tensor) or weight.ndim != 4 or not weight.numel():
        return False
    return kernel is None or weight.shape[2:] == (kernel, kernel)


def plain(state: Mapping[str, Tensor], notes: list[str], refuse: Refuse) -> dict[str, Tensor]:
    """Finite tensors under the official keys; what was done to them is added to ``notes``."""
    strange = [str(key) for key, value in state.items() if not (isinstance(key, str) and isinstance(value, Tensor))]
    if strange:
        refuse(f"these entries are no tensors: {listed(strange)}.")
    if state and all(key.startswith("module.") for key in state):
        notes.append("The prefix `module.` of all keys was left out.")
        state = {key.removeprefix("module."): tensor for key, tensor in state.items()}
    if broken := [key for key, tensor in state.items() if not tensor.isfinite().all()]:
        refuse(f"it holds values that are not finite: {listed(broken)}.")
    kinds = {str(tensor.dtype) for tensor in state.values() if tensor.is_floating_point()} - {"torch.float32"}
    if kinds:
        notes.append(f"Values of {', '.join(sorted(kinds)).replace('torch.', '')} became float32.")
    return dict(state)


def with_statistics(tensors: dict[str, Tensor], norm: str, notes: list[str]) -> dict[str, Tensor]:
    """Before torch 0.4 an instance norm stored statistics without effect, and no norm counted its batches."""
    held = [key for key in tensors if STATISTICS.fullmatch(key)]
    if norm == "batch":
        counts = [key.replace("running_mean", "num_batches_tracked") for key in held if key.endswith("running_mean")]
        return {**{key: torch.tensor(0) for key in counts}, **tensors}
    if held:
        notes.append(f"{len(held)} running statistics of instance norms were left out: they had no effect.")
    return {key: tensor for key, tensor in tensors.items() if key not in held}


def require_fit(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor], refuse: Refuse) -> None:
    """The same names and shapes, or all that is missing, unknown and of another shape."""
    faults = {
        "missing": [key for key in wanted if key not in found],
        "unknown": [key for key in found if key not in wanted],
        "of another shape": [
            f"{key} {tuple(found[key].shape)} in place of {tuple(tensor.shape)}"
            for key, tensor in wanted.items()
            if key in found and found[key].shape != tensor.shape
        ],
    }
    if told := "; ".join(f"{what}: {listed(keys)}" for what, keys in faults.items() if keys):
        refuse(f"its tensors do not fit together ({told}).")


def listed(names: Sequence[str], most: int = 3) -> str:
    """The first few, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
