"""How sure a mean over images is, where images may belong together."""

from __future__ import annotations

from .bootstrap import bootstrap_interval
from .doubt import doubt

__all__ = ["bootstrap_interval", "doubt"]
