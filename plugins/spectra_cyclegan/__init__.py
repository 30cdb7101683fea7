"""CycleGAN (Zhu et al., 2017), which learns without pairs, and pix2pix (Isola et al., 2017), which learns from them."""

from __future__ import annotations

from spectra_cyclegan.cyclegan import CycleGAN
from spectra_cyclegan.pix2pix import Pix2Pix
from spectra_cyclegan.settings import CycleGANSettings, Pix2PixSettings

__all__ = ["CycleGAN", "CycleGANSettings", "Pix2Pix", "Pix2PixSettings"]
