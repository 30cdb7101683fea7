"""The most memory that a model takes at a time: its weights, an image, and all that lies between two layers."""

from __future__ import annotations

import ctypes
import gc
import sys
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import torch
from torch.nn import functional

from spectra.bench.cost.latency import synchronise

KIB, MB = 1024, 10**6
STATUS, MARKS = Path("/proc/self/status"), Path("/proc/self/clear_refs")
FORGET_PEAK = "5"  # to `clear_refs`: the peak is from now on that of now


class Meter(Protocol):
    """Made before the model is loaded."""

    note: str
    """What the figure means, or why there is none."""

    def loaded(self) -> None:
        """From here on the peak is looked for."""

    def peak_mb(self) -> float | None:
        """The most there was since then, above what there was before the model."""


def meter_of(device: torch.device) -> Meter:
    if device.type == "cuda":
        return CudaMeter(device)
    if device.type == "cpu" and sys.platform.startswith("linux") and STATUS.is_file():
        return ResidentMeter()
    return NoMeter(f"peak memory is not measured on {device.type} of {sys.platform}")


class CudaMeter:
    note = "memory: the most that tensors took on the GPU"

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.before = torch.cuda.memory_allocated(device)

    def loaded(self) -> None:
        synchronise(self.device)
        torch.cuda.reset_peak_memory_stats(self.device)

    def peak_mb(self) -> float:
        return (torch.cuda.max_memory_allocated(self.device) - self.before) / MB


class ResidentMeter:
    """By the resident memory that Linux tells of a process.

    Not by `getrusage`, whose peak a process inherits from the one that started it.
    """

    note = "memory: growth of the process"

    def __init__(self) -> None:
        _settle()
        self.before = resident("VmRSS")

    def loaded(self) -> None:
        _settle()
        try:
            MARKS.write_text(FORGET_PEAK)
        except OSError:
            self.note = "memory: growth of the process, that while it loaded included"

    def peak_mb(self) -> float:
        return max(resident("VmHWM") - self.before, 0) / MB


class NoMeter:
    def __init__(self, note: str) -> None:
        self.note = note

    def loaded(self) -> None:
        pass

    def peak_mb(self) -> None:
        return None


def resident(field: str) -> int:
    """Bytes of ``VmRSS`` (now) or ``VmHWM`` (the most so far)."""
    for line in STATUS.read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * KIB
    raise OSError(f"{STATUS} has no {field}.")


def prime() -> None:
    """Let torch load what any network needs, so that no model is charged with it."""
    image = torch.rand(2, 8, 64, 64)
    functional.conv2d(image, torch.rand(8, 8, 3, 3))
    functional.conv_transpose2d(image, torch.rand(8, 8, 3, 3))
    torch.rand(256, 256) @ torch.rand(256, 256)


def _settle() -> None:
    """What is free goes back to the system, as far as its C library can do that."""
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
