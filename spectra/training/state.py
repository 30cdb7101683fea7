"""Any nested state as a file of tensors and plain JSON, and back: exactly, and without pickle."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor

from spectra.errors import SpectraError
from spectra.training.tensor_file import PLAIN, flat

Key: TypeAlias = str | int
Keys: TypeAlias = tuple[Key, ...]
State: TypeAlias = (
    bool | int | float | str | Tensor | Sequence["State"] | Mapping[str, "State"] | Mapping[int, "State"] | None
)

DEEPEST = 100
MOST_BITS = 4096
_TENSOR, _MAP, _FLOAT = "$tensor", "$map", "$float"
_NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_BY_NAME = {str(kind): kind for kind in vars(torch).values() if isinstance(kind, torch.dtype)}


def packed(state: State) -> tuple[dict[str, Tensor], Any]:
    """The tensors by their place in the state, each memory once, and a tree for JSON that refers to them.

    Nothing is copied but views with gaps or overlaps: the tensors share memory with the state, on its device.
    """
    packing = _Packing()
    tree = packing.value(state, ())
    return packing.tensors, tree


def unpacked(tensors: Mapping[str, Tensor], tree: Any) -> Any:
    """The state again. Tuples have become lists; tensors that shared memory whole do so again.

    Every tensor must be in the tree: what does not fit together is an error.
    """
    unpacking = _Unpacking(tensors)
    state = unpacking.value(tree, 0)
    if left := tensors.keys() - unpacking.used:
        raise SpectraError(f"nothing refers to the tensor {min(left)!r}")
    return state


class _Packing:
    def __init__(self) -> None:
        self.tensors: dict[str, Tensor] = {}
        self._known: dict[tuple[object, ...], tuple[str, Tensor]] = {}

    def value(self, value: object, path: Keys) -> Any:
        if len(path) > DEEPEST:
            raise _unfit(path, f"lies deeper than {DEEPEST} levels. Does it hold itself?")
        if isinstance(value, Tensor):
            return self._reference(_readable(value.detach(), path), path)
        if isinstance(value, Mapping):
            return self._map(value, path)
        if isinstance(value, list | tuple):
            return [self.value(held, (*path, place)) for place, held in enumerate(value)]
        return _scalar(value, path)

    def _map(self, value: Mapping[Any, object], path: Keys) -> Any:
        held = {_key(key, path): self.value(below, (*path, key)) for key, below in value.items()}
        if all(isinstance(key, str) and not key.startswith("$") for key in held):
            return held
        return {_MAP: [[key, below] for key, below in held.items()]}

    def _reference(self, tensor: Tensor, path: Keys) -> dict[str, Any]:
        memory = _memory(tensor)
        if memory not in self._known:  # with the tensor itself: its memory must not be given to another meanwhile
            self._known[memory] = self._free_name(path), tensor
            self.tensors[self._known[memory][0]] = _in_memory_order(tensor)
        name = self._known[memory][0]
        said: dict[str, Any] = {_TENSOR: name}
        if tensor.dtype not in PLAIN:
            said["type"] = str(tensor.dtype)
        shape, stride = _layout(tensor)
        if (shape, stride) != _layout(self.tensors[name]):
            said |= {"shape": list(shape), "stride": list(stride)}
        return said

    def _free_name(self, path: Keys) -> str:
        """Starts with `/`, so that no name is one that safetensors keeps for itself."""
        plain = "/" + "/".join(map(str, path)).encode("ascii", "backslashreplace").decode("ascii")
        name, number = plain, 2
        while name in self.tensors:
            name, number = f"{plain}#{number}", number + 1
        return name


class _Unpacking:
    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self.tensors = tensors
        self.used: set[str] = set()

    def value(self, tree: Any, depth: int) -> Any:
        if depth > DEEPEST:
            raise SpectraError(f"it is deeper than {DEEPEST} levels")
        if isinstance(tree, list):
            return [self.value(held, depth + 1) for held in tree]
        if isinstance(tree, dict):
            return self._special(tree, depth)
        if isinstance(tree, float) and not math.isfinite(tree):
            raise SpectraError(f"{tree} is no plain number")
        return tree

    def _special(self, tree: dict[str, Any], depth: int) -> Any:
        special = [key for key in tree if key.startswith("$")]
        if not special:
            return {key: self.value(held, depth + 1) for key, held in tree.items()}
        try:
            if _TENSOR in tree:
                return self._tensor(tree)
            return self._map(tree[_MAP], depth) if _MAP in tree else _NOT_FINITE[tree[_FLOAT]]
        except (KeyError, TypeError, ValueError, RuntimeError) as why:
            raise SpectraError(f"what stands at {special[0]!r} cannot be read: {why!r}") from None

    def _map(self, pairs: list[Any], depth: int) -> dict[Key, Any]:
        found = {_key(key, ()): self.value(held, depth + 1) for key, held in pairs}
        if len(found) != len(pairs):
            raise ValueError("a key stands there twice")
        return found

    def _tensor(self, said: dict[str, Any]) -> Tensor:
        tensor = self.tensors[said[_TENSOR]]
        self.used.add(said[_TENSOR])
        if "type" in said:
            tensor = _of_bytes(tensor, _BY_NAME[said["type"]])
        return _laid_out(tensor, said["shape"], said["stride"]) if "shape" in said else tensor


def _scalar(value: object, path: Keys) -> Any:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int) and value.bit_length() <= MOST_BITS:
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {_FLOAT: str(float(value))}
    if isinstance(value, int):
        raise _unfit(path, f"is a number of {value.bit_length()} bits, and at most {MOST_BITS} can be kept.")
    kind = type(value)
    told = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    raise _unfit(path, f"is of the type {told}. Give tensors, numbers, text, true, false or none, in lists and maps.")


def _key(key: object, path: Keys) -> Key:
    if isinstance(key, str):
        return str(key)
    if isinstance(key, int) and not isinstance(key, bool) and key.bit_length() <= MOST_BITS:
        return int(key)
    raise _unfit(path, f"has the key {key!r}: keys are text or whole numbers.")


def _unfit(path: Keys, why: str) -> SpectraError:
    return SpectraError(f"The state {'.'.join(map(str, path)) or 'itself'!r} cannot be kept in a checkpoint: it {why}")


def _readable(tensor: Tensor, path: Keys) -> Tensor:
    if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_meta or tensor.is_nested:
        raise _unfit(path, "is a sparse, quantized, nested or empty-handed (meta) tensor. Give a dense one.")
    return tensor.resolve_conj().resolve_neg()


def _memory(tensor: Tensor) -> tuple[object, ...]:
    """Alike for tensors that are the same numbers in the same place; those without numbers are all their own."""
    if not tensor.numel():
        return (object(),)
    extent = (tensor.numel(),) if _dense(tensor.shape, tensor.stride()) else (tuple(tensor.shape), tensor.stride())
    return (tensor.device, tensor.dtype, tensor.data_ptr(), *extent)


def _in_memory_order(tensor: Tensor) -> Tensor:
    """Contiguous, and without a copy where it has neither gaps nor overlaps."""
    if not tensor.numel():
        tensor = tensor.new_empty(tensor.shape)  # torch lets these have any stride
    elif not _dense(tensor.shape, tensor.stride()):
        tensor = tensor.contiguous()
    if tensor.dtype not in PLAIN:
        return flat(tensor).view(torch.uint8)
    return tensor if _layout(tensor)[1] == _usual_stride(tensor.shape) else flat(tensor)


def _layout(tensor: Tensor) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Shape and stride, as they are to come back."""
    shape, stride = tuple(tensor.shape), tensor.stride()
    return shape, stride if _dense(shape, stride) else _usual_stride(shape)


def _dense(shape: Sequence[int], stride: Sequence[int]) -> bool:
    """Whether every place of a memory as large as the tensor holds just one of its numbers, of which it has some."""
    if 0 in shape:
        return False
    expected = 1
    for step, size in sorted((step, size) for step, size in zip(stride, shape, strict=True) if size != 1):
        if step != expected:
            return False
        expected *= size
    return True


def _usual_stride(shape: Sequence[int]) -> tuple[int, ...]:
    return torch.empty(tuple(shape), device="meta").stride()


def _laid_out(tensor: Tensor, shape: list[int], stride: list[int]) -> Tensor:
    if any(isinstance(number, bool) or number < 0 for number in [*shape, *stride]):
        raise ValueError("shape and stride are whole numbers from 0")
    if math.prod(shape) != tensor.numel() or not (_dense(shape, stride) or 0 in shape):
        raise ValueError(f"the shape {shape} with the stride {stride} is not that of {tensor.numel()} numbers")
    return tensor.as_strided(shape, stride)


def _of_bytes(tensor: Tensor, kind: torch.dtype) -> Tensor:
    if tensor.dtype != torch.uint8 or tensor.ndim != 1:
        raise ValueError(f"bytes of {kind} are kept as {tensor.dtype}")
    return tensor.view(kind)
