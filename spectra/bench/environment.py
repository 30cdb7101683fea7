"""What a run was carried out with: versions, code, hardware and data."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from spectra.data.open import Data
from spectra.registry import registry

LIBRARIES = ("spectra-translate", "torch", "numpy", "opencv-python-headless", "tifffile", "pydantic", "safetensors")


def environment(recipe: Path, data: Data, device: str) -> dict[str, Any]:
    return {
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": sys.argv,
        "versions": {"python": platform.python_version(), **versions((*LIBRARIES, *_plugins()))},
        "git": git_state(recipe.resolve().parent),
        "hardware": hardware(device),
        "data": described_data(data),
    }


def described_data(data: Data) -> dict[str, str]:
    """What the data is made of: a finished run of the same recipe on other data is another run."""
    images = "|".join(f"{name}:{found.identity()}" for name, found in sorted(data.images.items()))
    looked_at = {"validation": data.validation.identity()} if data.validation is not None else {}
    known = {"origin": data.origin, "train": data.train.identity(), "test": data.test.identity(), "images": images}
    return known | looked_at


def versions(distributions: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for name in distributions:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def _plugins() -> list[str]:
    return sorted(
        {plugin.distribution for group in ("translators", "losses", "metrics") for plugin in registry(group).plugins}
    )


def hardware(device: str) -> dict[str, Any]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30 if hasattr(os, "sysconf") else None
    gpus = [torch.cuda.get_device_name(place) for place in range(torch.cuda.device_count())]
    return {
        "device": device,
        "system": platform.platform(),
        "processor": _processor(),
        "threads": torch.get_num_threads(),
        "memory_gb": None if memory is None else round(memory, 1),
        "gpus": gpus,
    }


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def git_state(folder: Path) -> dict[str, Any] | None:
    """The commit that the recipe's folder is at, and whether anything tracked differs from it."""
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return None
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return {"commit": commit, "changed": bool(changed)}


def _git(folder: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
