"""Generators as the official code stores them: in, and out again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from pydantic import ValidationError
from torch import Tensor, nn

from spectra import Imported, SpectraError, Task
from spectra.nn.official_state import plain, require_fit, with_statistics
from spectra_cyclegan.official_keys import Found, read, refuse
from spectra_cyclegan.settings import NetworkSettings

if TYPE_CHECKING:
    from spectra_cyclegan.cyclegan import CycleGAN
    from spectra_cyclegan.pix2pix import Pix2Pix

NAMES = {1: "gray", 3: "rgb"}


def imported(kind: type[CycleGAN] | type[Pix2Pix], state: Mapping[str, Tensor], task: Task | None) -> Imported:
    notes: list[str] = []
    tensors = plain(state, notes, refuse)
    found = read(tensors)
    chosen = _task(found, task, notes)
    tensors = with_statistics(tensors, found.settings["norm"], notes)
    with torch.device("meta"):
        translator = kind(chosen, _settings(kind, found, notes))
    require_fit(tensors, translator.generator.state_dict(), refuse)
    translator.to_empty(device="cpu")
    translator.generator.load_state_dict(tensors)
    return Imported(translator, (f"{len(tensors)} tensors make {found.told}.", *notes))


def exported(generator: nn.Module, settings: NetworkSettings) -> dict[str, Tensor]:
    own = "k4" if settings.is_unet else "transposed"
    if settings.upsample not in ("official", own):
        raise SpectraError(f"The official code has no `upsample: {settings.upsample}`: it would fail on these weights.")
    return {key: tensor.detach().cpu().clone() for key, tensor in generator.state_dict().items()}


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
