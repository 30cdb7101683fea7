"""Generators as the official code stores them: in, and out again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from pydantic import ValidationError
from torch import Tensor, nn

from spectra import Imported, SpectraError, Task
from spectra_cyclegan.official_keys import Found, listed, read, refuse
from spectra_cyclegan.settings import NetworkSettings

if TYPE_CHECKING:
    from spectra_cyclegan.cyclegan import CycleGAN
    from spectra_cyclegan.pix2pix import Pix2Pix

NAMES = {1: "gray", 3: "rgb"}
STATISTICS = re.compile(r".*\.(running_mean|running_var|num_batches_tracked)")


def imported(kind: type[CycleGAN] | type[Pix2Pix], state: Mapping[str, Tensor], task: Task | None) -> Imported:
    notes: list[str] = []
    tensors = _plain(state, notes)
    found = read(tensors)
    chosen = _task(found, task, notes)
    tensors = _with_statistics(tensors, found, notes)
    with torch.device("meta"):
        translator = kind(chosen, _settings(kind, found, notes))
    _check(tensors, translator.generator.state_dict())
    translator.to_empty(device="cpu")
    translator.generator.load_state_dict(tensors)
    return Imported(translator, (f"{len(tensors)} tensors make {found.told}.", *notes))


def exported(generator: nn.Module, settings: NetworkSettings) -> dict[str, Tensor]:
    own = "k4" if settings.is_unet else "transposed"
    if settings.upsample not in ("official", own):
        raise SpectraError(f"The official code has no `upsample: {settings.upsample}`: it would fail on these weights.")
    return {key: tensor.detach().cpu().clone() for key, tensor in generator.state_dict().items()}


def _plain(state: Mapping[str, Tensor], notes: list[str]) -> dict[str, Tensor]:
    """Finite tensors under the official keys."""
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


def _with_statistics(tensors: dict[str, Tensor], found: Found, notes: list[str]) -> dict[str, Tensor]:
    """Before torch 0.4 an instance norm stored statistics without effect, and no norm counted its batches."""
    held = [key for key in tensors if STATISTICS.fullmatch(key)]
    if found.settings["norm"] == "batch":
        counts = [key.replace("running_mean", "num_batches_tracked") for key in held if key.endswith("running_mean")]
        return {**{key: torch.tensor(0) for key in counts}, **tensors}
    if held:
        notes.append(f"{len(held)} running statistics of instance norms were left out: they had no effect.")
    return {key: tensor for key, tensor in tensors.items() if key not in held}


def _task(found: Found, task: Task | None, notes: list[str]) -> Task:
    channels = (found.source, found.target)
    if task is None:
        source, target = (NAMES.get(count, f"ms{count}") for count in channels)
        notes.append(
            f"The task {source}2{target} was read off the channels: name another with `--task` if the images show "
            "others."
        )
        return Task.parse(f"{source}2{target}")
    if (task.source.channels, task.target.channels) != channels:
        refuse(
            f"it makes {found.target} channels of {found.source}, and {task} asks for {task.target.channels} of "
            f"{task.source.channels}."
        )
    return task


def _settings(kind: type[CycleGAN] | type[Pix2Pix], found: Found, notes: list[str]) -> NetworkSettings:
    try:
        settings = kind.Settings(**found.settings)
    except ValidationError as why:
        refuse(f"no settings fit {found.told}: {why.errors()[0]['msg']}.")
    if settings.is_unet and settings.dropout:
        notes.append(f"Whether a U-Net had dropout cannot be seen: `dropout: {settings.dropout:g}` is assumed.")
    if settings.norm == "batch":
        notes.append("Batch norms go by their running statistics, as the official test does with `--eval`.")
    return settings


def _check(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> None:
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
