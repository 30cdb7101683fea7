"""Where to compute."""

from __future__ import annotations

import torch

from spectra.errors import SpectraError


def checked_device(name: str) -> str:
    """The device of that name, or an error that lists those there are."""
    present = devices()
    wanted = f"{name}:0" if name == "cuda" else name
    if wanted not in present:
        raise SpectraError(f"There is no device {name!r} here. Present: {', '.join(present)}.")
    return name


def devices() -> list[str]:
    found = ["cpu", *(f"cuda:{place}" for place in range(torch.cuda.device_count()))]
    return [*found, "mps"] if torch.backends.mps.is_available() else found
