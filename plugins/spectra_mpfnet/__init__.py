"""MPFNet (Yang, Chen and Yang, 2023): near infrared to grey, and grey to colours."""

from __future__ import annotations

from spectra_mpfnet.settings import Settings
from spectra_mpfnet.translator import MPFNet

__all__ = ["MPFNet", "Settings"]
