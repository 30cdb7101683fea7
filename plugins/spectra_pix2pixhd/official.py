"""Generators as the official code stores them: in, and out again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from spectra import Imported, SpectraError, Task
from spectra.nn.official_state import Found, plain, require_fit, with_statistics
from spectra_pix2pixhd.official_keys import described, first_layers, last_layer, read, refuse
from spectra_pix2pixhd.settings import Settings

if TYPE_CHECKING:
    from spectra_pix2pixhd.translator import Pix2PixHD

NAMES = {1: "gray", 3: "rgb"}
CONDITIONS = {
    4: "an RGB image with an edge map of instances",
    6: "an RGB image with three instance features",
    7: "an RGB image with an edge map and three instance features",
    35: "a map of 35 labels",
    36: "a map of 35 labels with an edge map of instances",
    38: "a map of 35 labels with three instance features",
    39: "a map of 35 labels with an edge map and three instance features",
}
"""What the official code means by the usual numbers of channels."""
OFFICIAL = {"upsample": "transposed", "padding": "zero", "output": "tanh"}
"""What its weights cannot tell."""


def imported(kind: type[Pix2PixHD], state: Mapping[str, Tensor], task: Task | None) -> Imported:
    notes: list[str] = []
    tensors = plain(state, notes, refuse)
    found = read(tensors)
    chosen = task or _guessed(found, notes)
    tensors = _folded(with_statistics(tensors, found.settings.norm, notes), found, chosen, notes)
    with torch.device("meta"):
        translator = kind(chosen, found.settings)
    require_fit(tensors, translator.generator.state_dict(), refuse)
    translator.to_empty(device="cpu")
    translator.generator.load_state_dict(tensors)
    return Imported(translator, (f"{len(tensors)} tensors make {described(found.settings)}.", *notes))


def exported(generator: nn.Module, settings: Settings) -> dict[str, Tensor]:
    own = [f"`{name}: {getattr(settings, name)}`" for name in OFFICIAL if getattr(settings, name) != OFFICIAL[name]]
    if own:
        raise SpectraError(
            f"The official code has no {', '.join(own)}: with these weights it would fail, or give other images."
        )
    return {key: tensor.detach().cpu().clone() for key, tensor in generator.state_dict().items()}


def _guessed(found: Found[Settings], notes: list[str]) -> Task:
    if found.source not in NAMES or found.target not in NAMES:
        _refuse_channels(
            found,
            f"Such a source is made by the official code alone. If it is an image of "
            f"{found.source} bands, name them: `--task ms{found.source}2rgb`, for example.",
        )
    task = Task.parse(f"{NAMES[found.source]}2{NAMES[found.target]}")
    notes.append(f"The task {task} was read off the channels: name another with `--task` if the images show others.")
    return task


def _folded(tensors: dict[str, Tensor], found: Found[Settings], task: Task, notes: list[str]) -> dict[str, Tensor]:
    """The official code makes every image RGB. Where the task's is grey, three channels are folded into one."""
    sides = {"source": (found.source, task.source.channels), "target": (found.target, task.target.channels)}
    folded = [side for side, (held, wanted) in sides.items() if held != wanted]
    if any(sides[side] != (3, 1) for side in folded):
        _refuse_channels(found, f"The task {task} has {task.target.channels} of {task.source.channels}.")
    if "source" in folded:
        keys = [f"{layer}.weight" for layer in first_layers(found.settings)]
        tensors |= {key: tensors[key].sum(1, keepdim=True) for key in keys if key in tensors}
        notes.append("The source was folded from 3 channels to 1: exact for a grey image repeated in all three.")
    if "target" in folded:
        last = last_layer(found.settings)
        keys = [f"{last}.weight", f"{last}.bias"]
        tensors |= {key: tensors[key].mean(0, keepdim=True) for key in keys if key in tensors}
        notes.append("The target was folded from 3 channels to 1: exact where the network makes all three equal.")
    return tensors


def _refuse_channels(found: Found[Settings], advice: str) -> None:
    told = f"it makes {found.target} channels of {found.source}. "
    if found.source in CONDITIONS:
        told += f"In the official code {found.source} channels are {CONDITIONS[found.source]}. "
    refuse(told + advice)
