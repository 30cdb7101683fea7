"""Where Spectra keeps what it can fetch or find out again."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from spectra.errors import SpectraError

HOME = "SPECTRA_HOME"


def home() -> Path:
    """``SPECTRA_HOME``, or ``spectra`` in the cache folder of this system. It need not exist."""
    if chosen := os.environ.get(HOME):
        return Path(chosen).expanduser().absolute()
    return _system_cache() / "spectra"


def weights() -> Path:
    """Where pretrained weights are looked for."""
    return home() / "weights"


def _system_cache() -> Path:
    if (xdg := os.environ.get("XDG_CACHE_HOME")) and Path(xdg).is_absolute():  # the XDG rule: ignore relative ones
        return Path(xdg)
    try:
        person = Path.home()
    except RuntimeError as why:
        raise SpectraError(f"This system knows no home folder. Set {HOME} to a folder for Spectra's cache.") from why
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", person / "AppData" / "Local"))
    return person / "Library" / "Caches" if sys.platform == "darwin" else person / ".cache"
