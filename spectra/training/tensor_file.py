"""Tensors as a safetensors file, and back: one after the other, hashed on the way."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

PLAIN = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
"""What every safetensors knows, and how it calls it; other numbers are kept as their bytes."""


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> str:
    """Write what ``packed`` gave as a safetensors file, flushed to the disk, and return the file's SHA-256.

    The library's own writer first takes everything from the GPU, and older ones copy all there is: here it is one
    tensor at a time, hashed on the way, and a full disk is an ``OSError``.
    """
    ordered = sorted(tensors.items(), key=lambda item: -item[1].element_size())  # so that each is aligned
    parts: Iterator[bytes | memoryview] = chain([_header(ordered)], (_bytes_of(tensor) for _, tensor in ordered))
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for part in parts:
            file.write(part)
            digest.update(part)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def read_tensors(path: Path) -> dict[str, Tensor]:
    """All tensors of a file, on the CPU; ValueError where it is none. Copies, as a mapped file may be removed."""
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            return {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 - it is no dictionary
    except (SafetensorError, RuntimeError, TypeError) as why:
        raise ValueError(str(why)) from why


def flat(tensor: Tensor) -> Tensor:
    return tensor.as_strided((tensor.numel(),), (1,))


def _header(ordered: Sequence[tuple[str, Tensor]]) -> bytes:
    said, end = {}, 0
    for name, tensor in ordered:
        start, end = end, end + tensor.nbytes
        said[name] = {"dtype": PLAIN[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [start, end]}
    text = json.dumps(said, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def _bytes_of(tensor: Tensor) -> memoryview:
    return flat(tensor.cpu()).view(torch.uint8).numpy().data
