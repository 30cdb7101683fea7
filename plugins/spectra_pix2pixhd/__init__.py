"""pix2pixHD (Wang et al., 2018), and what the winner of PBVS 2024 made of it.

The names below load when they are first asked for: the help of the command `spectra pbvs` needs no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spectra_pix2pixhd.settings import Settings as Settings
    from spectra_pix2pixhd.translator import Pix2PixHD as Pix2PixHD

_HOMES = {"Pix2PixHD": "translator", "Settings": "settings"}

__all__ = ["Pix2PixHD", "Settings"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'spectra_pix2pixhd' has no attribute {name!r}")
    return getattr(import_module(f"spectra_pix2pixhd.{_HOMES[name]}"), name)
