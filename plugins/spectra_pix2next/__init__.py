"""Pix2Next (Jin et al., 2024): a U-Net that attends to the features of a large vision model."""

from spectra_pix2next.settings import Settings
from spectra_pix2next.translator import Pix2Next

__all__ = ["Pix2Next", "Settings"]
