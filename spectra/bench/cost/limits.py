"""What keeps a model that takes too much from harming others."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

import torch

MB = 10**6
MEMORY, OWN, SACRIFICE = Path("/proc/meminfo"), Path("/proc/self/status"), Path("/proc/self/oom_score_adj")
SIGNS = ("DefaultCPUAllocator", "not enough memory", "can't allocate memory", "out of memory", "bad_alloc", "bad alloc")


def hold(device: torch.device, limit_mb: float | None) -> None:
    """Let allocations beyond the limit fail; without one, beyond what the machine has left. Where there is no such
    means, and where memory runs out all the same, Linux ends this process before any other."""
    with suppress(OSError):
        SACRIFICE.write_text("1000")
    if device.type == "cuda":
        if limit_mb is not None:
            total = torch.cuda.get_device_properties(device).total_memory
            torch.cuda.set_per_process_memory_fraction(min(1.0, limit_mb * MB / total), device)
    elif sys.platform.startswith("linux"):
        free = _kib(MEMORY, "MemAvailable") * 1024
        _hold_data(_kib(OWN, "VmData") * 1024 + (free if limit_mb is None else int(limit_mb * MB)))


def _hold_data(most: int) -> None:
    import resource  # not on Windows

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _kib(path: Path, field: str) -> int:
    lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))


def is_shortage(why: BaseException) -> bool:
    """Whether memory did not suffice, by the many ways in which torch says so."""
    if isinstance(why, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(why, RuntimeError) and any(sign in str(why) for sign in SIGNS)
