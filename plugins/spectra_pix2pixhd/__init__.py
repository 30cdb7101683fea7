"""pix2pixHD (Wang et al., 2018), and what the winner of PBVS 2024 made of it."""

from __future__ import annotations

from spectra_pix2pixhd.settings import Settings
from spectra_pix2pixhd.translator import Pix2PixHD

__all__ = ["Pix2PixHD", "Settings"]
