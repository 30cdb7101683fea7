"""A model on disk: `model.json` says what it is, `weights.safetensors` holds its tensors, a hash ties them together."""

from __future__ import annotations

import hashlib
import json
import math
import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from numbers import Integral, Real
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from spectra.errors import ModelError
from spectra.inference import Inference
from spectra.modalities import Modality, Scale, Task
from spectra.model import Model, validated
from spectra.registry import API_VERSION, registry

FORMAT = 2
"""The newest that is read. What is written is the oldest that says all: 1, or 2 where the model resizes images."""
DESCRIPTION, WEIGHTS = "model.json", "weights.safetensors"


def find_folder(path_or_name: Path | str) -> Path | None:
    """The model's folder where the argument is a path (of a model or a run), None where it is a name."""
    path = Path(path_or_name)
    if os.path.isdir(path):  # noqa: PTH112 - False where `Path.is_dir` raises, of a name too long
        for folder in (path, path / "model"):
            if (folder / DESCRIPTION).is_file():
                return folder
        if str(path_or_name) in registry("translators"):
            return None
        raise ModelError(_no_model(path))
    if os.path.isfile(path):  # noqa: PTH113 - likewise
        raise ModelError(
            f"{str(path)!r} is a file. Spectra loads model folders ({DESCRIPTION} beside {WEIGHTS}) and names of "
            "translators; it never unpickles a checkpoint."
        )
    if isinstance(path_or_name, Path) or len(path.parts) > 1 or str(path_or_name).startswith("."):
        raise ModelError(f"There is no model folder {str(path)!r}.{_stopped(path)}")
    return None


def _stopped(path: Path) -> str:
    """A run that was stopped while it learned has no folder of its name yet."""
    if not os.path.isdir(f"{path}.training"):  # noqa: PTH112 - likewise
        return ""
    return " Its run was stopped while it learned: the same `spectra run` goes on with it."


def _no_model(path: Path) -> str:
    """What a folder that is asked for a model holds in its place."""
    several = sorted(str(place.parent) for place in path.glob(f"models/*/{DESCRIPTION}"))
    if several:
        return f"{str(path)!r} holds {len(several)} models. Name one of them: {', '.join(map(repr, several))}."
    if (path / WEIGHTS).is_file():
        return f"{str(path)!r} holds {WEIGHTS} but no {DESCRIPTION}. Copy the whole folder again."
    return f"{str(path)!r} holds no {DESCRIPTION}: it is neither a model nor a finished run."


def save(model: Model, folder: Path) -> None:
    """All or nothing: the folder appears when it is complete, and an existing one is left alone."""
    if os.path.lexists(folder):
        raise ModelError(f"{str(folder)!r} exists already; a model is never written over. Choose another folder.")
    # Clones, as safetensors refuses tensors that share memory, and a network may tie its weights.
    tensors = {
        name: tensor.detach().cpu().contiguous().clone() for name, tensor in model.translator.state_dict().items()
    }
    weights = save_tensors(tensors)
    description = {**describe(model), "weights": {"file": WEIGHTS, "sha256": hashlib.sha256(weights).hexdigest()}}
    temporary = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary.mkdir()
    except OSError as why:
        raise ModelError(f"Cannot write the model {str(folder)!r}: {why.strerror}.") from why
    try:
        (temporary / WEIGHTS).write_bytes(weights)
        (temporary / DESCRIPTION).write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
        os.rename(temporary, folder)  # noqa: PTH104 - fails where the folder has appeared meanwhile and holds something
    except OSError as why:
        raise ModelError(f"Cannot write the model {str(folder)!r}: {why.strerror}.") from why
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def describe(model: Model) -> dict[str, Any]:
    """What `model.json` says, apart from the weights."""
    plugin = registry("translators").find(model.name)
    return {
        "format": 2 if model.inference.resizes else 1,
        "api_version": API_VERSION,
        "translator": model.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "task": str(model.task),
        "source": _modality(model.task.source),
        "target": {**_modality(model.task.target), "type": model.target_type},
        "preset": model.preset,
        "settings": model.translator.settings.model_dump(mode="json"),
        "inference": asdict(model.inference),
        "trained": model.trained,
        "diagnostics": plain(model.diagnostics),
        "notes": list(model.notes),
    }


def plain(value: Any) -> Any:
    """What a plugin found out, in the words of JSON: it has none for NaN, infinity and objects, which become text."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, torch.Tensor | np.ndarray | np.bool_):
        return plain(value.tolist())
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return number if math.isfinite(number := float(value)) else str(number)
    if isinstance(value, Mapping):
        return {str(key): plain(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [plain(held) for held in value]
    return repr(value)


def weights_hash(model: Model) -> str:
    """SHA-256 of what a model has learned, by name, type and shape, the same whatever file it lies in."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.translator.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def load_folder(folder: Path) -> Model:
    """The model of a folder, after every check that keeps a damaged or foreign one out."""
    said = _description(folder)
    state = _tensors(folder, said)
    translator_class = _translator_class(folder, said)
    try:
        task = Task(said.source.modality(), said.target.modality())
        translator = translator_class(task, validated(translator_class, said.translator, said.settings))
        translator.load_state_dict(state)
    except Exception as why:  # a stranger's translator may raise anything when it is built from what does not fit
        raise ModelError(f"The model {str(folder)!r} does not fit the installed {said.translator!r}: {why}") from None
    return Model(
        translator,
        said.translator,
        preset=said.preset,
        trained=said.trained,
        target_type=said.target.type,
        notes=tuple(said.notes),
        found=said.diagnostics,
        inference=Inference(said.inference.input, said.inference.output),
    )


class _Said(BaseModel):
    """What `model.json` must say; further keys are let be."""

    model_config = ConfigDict(strict=True)


class _SaidModality(_Said):
    name: str
    channels: int = Field(ge=1, le=65535)
    scale: str
    type: Literal["uint8", "uint16", "float32"] | None = None

    def modality(self) -> Modality:
        return Modality(self.name, self.channels, Scale.parse(self.scale))


Side = Annotated[int, Field(ge=1, le=65536)]


class _SaidInference(_Said):
    input: tuple[Side, Side] | None = None
    output: tuple[Side, Side] | None = None


class _SaidWeights(_Said):
    file: str
    sha256: str


class _Description(_Said):
    format: int = Field(ge=1)
    api_version: int
    translator: str
    distribution: str
    source: _SaidModality
    target: _SaidModality
    preset: str | None
    settings: dict[str, Any]
    inference: _SaidInference = _SaidInference()
    trained: bool
    diagnostics: dict[str, Any] = {}
    notes: list[str]
    weights: _SaidWeights


class _Versions(_Said):
    format: int
    api_version: int = 0


def _description(folder: Path) -> _Description:
    path = folder / DESCRIPTION
    try:
        content = path.read_bytes()
        versions = _Versions.model_validate_json(content)
    except OSError as why:
        raise ModelError(f"{str(path)!r} cannot be read: {why.strerror}. Copy the whole folder again.") from None
    except ValidationError as why:
        raise ModelError(f"{str(path)!r} does not describe a model of Spectra: {_first(why)}.") from None
    if versions.format > FORMAT or versions.api_version > API_VERSION:
        raise ModelError(
            f"{str(folder)!r} was made by a newer Spectra: format {versions.format}, plugin API "
            f"{versions.api_version}. This one reads format {FORMAT}, API {API_VERSION}. "
            "Update it: pip install -U spectra-translate"
        )
    try:
        return _Description.model_validate_json(content)
    except ValidationError as why:
        raise ModelError(f"{str(path)!r} is incomplete or damaged: {_first(why)}.") from None


def _first(why: ValidationError) -> str:
    fault = why.errors()[0]
    place = ".".join(map(str, fault["loc"]))
    return f"{place}: {fault['msg']}" if place else fault["msg"]


def _tensors(folder: Path, said: _Description) -> dict[str, torch.Tensor]:
    name = said.weights.file
    if Path(name).name != name or "\0" in name:
        raise ModelError(f"{str(folder / DESCRIPTION)!r} names a weights file outside its folder: {name!r}.")
    path = folder / name
    if os.path.exists(path) and not path.is_file():  # noqa: PTH110 - likewise
        raise ModelError(f"The weights {str(path)!r} are not a file.")
    try:
        content = path.read_bytes()
    except OSError as why:
        raise ModelError(
            f"The weights {str(path)!r} cannot be read: {why.strerror}. Copy the whole folder again."
        ) from None
    if content[:2] in (b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"):
        raise ModelError(
            f"The weights {str(path)!r} are a pickle, which can run code when it is opened. Spectra refuses it."
        )
    if hashlib.sha256(content).hexdigest() != said.weights.sha256:
        raise ModelError(
            f"The weights {str(path)!r} are not those the model was saved with (wrong hash). Copy the folder again."
        )
    try:
        return load_tensors(content)
    except Exception as why:  # SafetensorError, and what torch says of types and shapes that do not fit the bytes
        raise ModelError(f"The weights {str(path)!r} are not a safetensors file: {why}.") from None


def _translator_class(folder: Path, said: _Description) -> Any:
    translators = registry("translators")
    bare = said.translator.rpartition(":")[2]
    full = f"{said.distribution}:{bare}"
    if not any(plugin.full_name == full for plugin in translators.plugins):
        raise ModelError(
            f"The model {str(folder)!r} needs the translator {bare!r} of the distribution {said.distribution!r}, "
            f"which is not installed (or is switched off). Install it: pip install {said.distribution}"
        )
    return translators.get(full)


def _modality(modality: Modality) -> dict[str, Any]:
    return {"name": modality.name, "channels": modality.channels, "scale": str(modality.scale)}
