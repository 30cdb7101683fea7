"""What generated images are worth to a detector: the experiment behind table 7 of Pix2Next, in three arms.

The names below load when they are first asked for: the help of the command `spectra detect` needs no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spectra_detect.experiment import run as run
    from spectra_detect.recipe import load as load
    from spectra_detect.settings import Settings as Settings

_HOMES = {"Settings": "settings", "load": "recipe", "run": "experiment"}

__all__ = ["Settings", "load", "run"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'spectra_detect' has no attribute {name!r}")
    return getattr(import_module(f"spectra_detect.{_HOMES[name]}"), name)
