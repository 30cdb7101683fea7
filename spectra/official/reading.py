"""Checkpoints that other programs wrote: tensors by name, and no code of theirs is ever run."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from spectra.errors import SpectraError

State = dict[str, Tensor]
DEPTH = 3
"""How deep a state dict may lie within the mappings of a checkpoint."""


class CheckpointError(SpectraError):
    """A checkpoint that cannot be read as tensors by name."""


def read_checkpoint(path: Path | str, notes: list[str] | None = None) -> State:
    """The tensors of a `.pth`, `.pt` or `.safetensors` file, on the CPU, under the names that the file gives them.

    A state dict within other things is found where it is the only one; ``notes`` takes what is to be said of that.
    What is not plain tensors is refused: unpickling objects can run code.
    """
    path, notes = Path(path), [] if notes is None else notes
    if not path.is_file():
        what = "is a folder, not a file" if path.is_dir() else "is not there"
        raise CheckpointError(f"{str(path)!r} {what}. Name a checkpoint.")
    state = _state_of(_content(path), path, notes)
    _check(state, path)
    return {name: tensor.detach() for name, tensor in state.items()}


def _content(path: Path) -> Any:
    try:
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of forms that are old, or checked slowly
            beginning = file.read(9)
            file.seek(0)
            if beginning[8:] == b"{":  # behind the length of its header
                return load_file(path)
            if beginning:
                return torch.load(file, map_location="cpu", weights_only=True)
    except OSError as why:
        raise CheckpointError(f"{str(path)!r} cannot be read: {why.strerror or why}.") from None
    except Exception as why:  # whatever the readers of torch and safetensors make of a stranger's bytes
        raise CheckpointError(f"{str(path)!r} cannot be read: {_reason(why)}") from None
    raise CheckpointError(f"{str(path)!r} is empty. Copy or download it again.")


def _reason(why: Exception) -> str:
    text = str(why)
    if strange := re.search(r"GLOBAL ([\w.]+)", text):
        return (
            f"it holds Python objects ({strange[1]}), not tensors alone, or it is damaged. To open objects can run "
            "code, so Spectra does not. In the program that wrote it, save the tensors: "
            "torch.save(model.state_dict(), 'tensors.pth')"
        )
    if "TorchScript" in text:
        return "it is a TorchScript program, not tensors. Where it was made, save model.state_dict() instead."
    if ".tar format" in text:
        return "it is of the tar form of torch before 0.2, which needs unpickling. Save it anew with torch."
    if isinstance(why, EOFError) or "EOF" in text or "PytorchStreamReader" in text:
        return "it is damaged, or cut short. Copy or download it again."
    if isinstance(why, SafetensorError):
        return f"it is not a sound safetensors file ({text}). Copy or download it again."
    return "it is neither a checkpoint of PyTorch nor a safetensors file, or it is damaged."


def _state_of(content: Any, path: Path, notes: list[str]) -> Mapping[str, Tensor]:
    """The one state dict of a checkpoint: the content itself, or a mapping within it."""
    if not isinstance(content, Mapping):
        raise CheckpointError(f"{str(path)!r} holds a {type(content).__name__}, not tensors by name.")
    if _is_state(content):
        return content
    found = dict(_nested(content))
    if len(found) > 1:
        told = ", ".join(f"{name!r} ({len(state)} tensors)" for name, state in found.items())
        first = "".join(f"[{key!r}]" for key in next(iter(found)).split("."))
        raise CheckpointError(
            f"{str(path)!r} holds several sets of tensors: {told}. Save the one that is meant by itself: "
            f"torch.save(torch.load({path.name!r}){first}, 'one.pth')"
        )
    if found:
        (name, state), *_ = found.items()
        notes.append(f"The tensors were found under {name!r}.{_left_out(content, name.split('.')[0])}")
        return state
    state = {name: held for name, held in content.items() if isinstance(name, str) and isinstance(held, Tensor)}
    if not state:
        raise CheckpointError(f"{str(path)!r} holds no tensors by name.")
    notes.append(_left_out(content, *state).strip())
    return state


def _is_state(content: Any) -> bool:
    return (
        isinstance(content, Mapping)
        and bool(content)
        and all(isinstance(name, str) and isinstance(held, Tensor) for name, held in content.items())
    )


def _nested(content: Mapping[Any, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, Mapping[str, Tensor]]]:
    for key, held in content.items():
        path = (*above, str(key))
        if _is_state(held):
            yield ".".join(path), held
        elif isinstance(held, Mapping) and len(path) < DEPTH and not _of_optimizer(held):
            yield from _nested(held, path)


def _of_optimizer(held: Mapping[Any, Any]) -> bool:
    """Its state holds tensors too, but by number."""
    return set(held) >= {"state", "param_groups"}


def _left_out(content: Mapping[Any, Any], *kept: str) -> str:
    others = [str(key) for key in content if key not in kept]
    return f" Left out of the file: {', '.join(others[:8])}{', …' if len(others) > 8 else ''}." if others else ""


def _check(state: Mapping[str, Tensor], path: Path) -> None:
    size = path.stat().st_size
    for name, tensor in state.items():
        if tensor.layout != torch.strided or tensor.is_quantized or tensor.device.type != "cpu":
            told = "quantized" if tensor.is_quantized else f"{tensor.layout} on {tensor.device}"
            raise CheckpointError(f"{str(path)!r} holds the tensor {name!r} in a form that cannot be used: {told}.")
        if tensor.numel() * tensor.element_size() > size:  # a view that repeats few values without end
            raise CheckpointError(
                f"{str(path)!r} has {size} bytes, yet its tensor {name!r} of shape {tuple(tensor.shape)} needs more: "
                "it is damaged, or made to fill the memory."
            )
