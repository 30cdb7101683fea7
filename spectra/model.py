"""A model: a translator made usable, with its task and scales; made by training, or loaded by path or name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from spectra.errors import SpectraError, UnknownName
from spectra.inference import NATIVE, Inference, Resizing, Size, resized, resized_mask
from spectra.modalities import Task
from spectra.recipe.check import problems_with
from spectra.registry import registry
from spectra.translator import Translator


class Model(nn.Module):
    """Called on ``(n, c, h, w)`` tensors of the unit interval, of any height and width.

    The answer is as large as the source, unless ``inference`` says otherwise (``size_of`` tells). It lies in [0, 1],
    unless the translator says that it is not ``bounded``.
    """

    def __init__(
        self,
        translator: Translator,
        name: str,
        *,
        preset: str | None = None,
        trained: bool = False,
        target_type: str | None = None,
        notes: tuple[str, ...] = (),
        found: Mapping[str, Any] | None = None,
        inference: Inference = NATIVE,
    ) -> None:
        super().__init__()
        self.translator = translator
        self.name, self.preset = name, preset
        self.trained = trained or translator.ready
        self.target_type = target_type
        """The file type of the targets it was trained on; None: as the source has it."""
        self.notes = notes
        """What was left out, replaced or resized while it was made."""
        self._found = dict(found or {})
        self.inference = inference
        self.eval()

    @property
    def task(self) -> Task:
        return self.translator.task

    @property
    def reach(self) -> int | None:
        """How far away a source pixel can change a result pixel; None: the whole image matters, as where it resizes."""
        return None if self.inference.resizes else self.translator.reach

    @property
    def diagnostics(self) -> dict[str, Any]:
        """What the translator found out while it learned, now or before the model was saved."""
        return self.translator.diagnostics() or dict(self._found)

    def forward(self, source: Tensor) -> Tensor:
        channels = self.task.source.channels
        if not (isinstance(source, Tensor) and source.is_floating_point()):
            told = f"a tensor of {source.dtype}" if isinstance(source, Tensor) else f"a {type(source).__name__}"
            raise SpectraError(f"The model takes float tensors of the unit interval, not {told}.")
        if source.ndim != 4 or source.shape[1] != channels:
            raise SpectraError(
                f"The model takes (n, {channels}, h, w) images of {self.task.source}, not {tuple(source.shape)}."
            )
        entered = resized(source, self.inference.input)
        answer = self._translated(entered)
        sized = resized(answer, self.size_of((source.shape[-2], source.shape[-1])))
        return answer if sized is answer else self._held(sized)

    def size_of(self, source: Size) -> Size:
        """Height and width of the answer for a source of that size."""
        entered = self.inference.input or source
        made = self._made(entered)
        return self.inference.output or (source if made == entered else made)

    def mask_of(self, valid: Tensor) -> Tensor:
        """Where the answer has data, for a source that has it where ``valid``, ``(h, w)``, is true."""
        entered = resized_mask(valid, self.inference.input)
        made = self.translator.result_mask(entered) if isinstance(self.translator, Resizing) else entered
        return resized_mask(made, self.size_of((valid.shape[0], valid.shape[1])))

    def _translated(self, source: Tensor) -> Tensor:
        """Padded to the multiple, through the translator, cropped back and held to the unit interval."""
        height, width = self._made((source.shape[-2], source.shape[-1]))
        padded = pad_to_multiple(source, self.translator.multiple)
        target: Tensor = self.translator(padded)
        expected = (len(source), self.task.target.channels, *self._made((padded.shape[-2], padded.shape[-1])))
        if tuple(target.shape) != expected:
            raise SpectraError(
                f"The translator {self.name!r} gave an image of shape {tuple(target.shape)} instead of {expected}."
            )
        return self._held(target[..., :height, :width])

    def _made(self, size: Size) -> Size:
        """The size of what the translator makes of a source of that size."""
        return self.translator.result_size(size) if isinstance(self.translator, Resizing) else size

    def _held(self, answer: Tensor) -> Tensor:
        return answer.clamp(0, 1) if self.translator.bounded else answer

    def save(self, folder: Path | str) -> None:
        """Write ``model.json`` and ``weights.safetensors`` into a new folder."""
        from spectra.model_folder import save

        save(self, Path(folder))


def load(path_or_name: Path | str, task: str | Task | None = None, preset: str | None = None, **settings: Any) -> Model:
    """The model of a folder (a model's or a run's), or a fresh one of a translator's name, in eval mode."""
    from spectra.model_folder import find_folder, load_folder

    folder = find_folder(path_or_name)
    if folder is None:
        return create(str(path_or_name), task, preset, settings)
    model = load_folder(folder)
    if preset or settings:
        raise SpectraError(f"{str(folder)!r} is a trained model: its preset and settings are fixed. Train another one.")
    if task is not None and str(task) != str(model.task):
        raise SpectraError(f"{str(folder)!r} translates {model.task}, not {task}.")
    return model


def create(
    name: str, task: str | Task | None = None, preset: str | None = None, settings: Mapping[str, Any] | None = None
) -> Model:
    """A fresh, untrained model of the translator of that name."""
    translator_class: type[Translator] = registry("translators").get(name)
    merged = {**preset_of(translator_class, name, preset).get("settings", {}), **(settings or {})}
    if task is None and not translator_class.home_tasks:
        raise SpectraError(f"{name!r} has no home task: say which one, such as task='rgb2nir'.")
    chosen = task if isinstance(task, Task) else Task.parse(task or translator_class.home_tasks[0])
    return Model(translator_class(chosen, validated(translator_class, name, merged)), name, preset=preset)


def preset_of(translator_class: type[Translator], name: str, preset: str | None) -> Mapping[str, Any]:
    """The partial recipe of a preset; empty where none is asked for."""
    if preset is None:
        return {}
    if preset not in translator_class.presets:
        raise UnknownName(f"preset of {name!r}", preset, translator_class.presets)
    return translator_class.presets[preset]


def validated(component: Any, name: str, settings: Mapping[str, Any]) -> Any:
    """The settings of a translator, loss or metric, checked by its own model."""
    if faults := [
        f"  {'.'.join(map(str, path))}: {told}" for path, told in problems_with(component.Settings, settings)
    ]:
        raise SpectraError(f"The settings of {name!r} are not valid:\n" + "\n".join(faults))
    return component.Settings.model_validate_json(json.dumps(dict(settings)), strict=True)


def pad_to_multiple(images: Tensor, multiple: int) -> Tensor:
    """Grow to the right and below until height and width divide: by reflection, or the last pixel where too small."""
    height, width = images.shape[-2:]
    below, right = -height % multiple, -width % multiple
    if not (below or right):
        return images
    mode = "reflect" if below < height and right < width else "replicate"
    return functional.pad(images, (0, right, 0, below), mode=mode)


def device_of(model: nn.Module) -> torch.device:
    return next((tensor.device for tensor in model.state_dict().values()), torch.device("cpu"))
