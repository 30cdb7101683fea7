"""Memory that is given back and asked for again in every step: the process keeps it."""

from __future__ import annotations

import ctypes
import sys
from functools import cache

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""Of glibc's `mallopt`."""
KEPT = 2**30
"""Bytes: blocks up to this size come from memory that the process keeps, and so does what is free at its end."""


@cache
def keep_pages() -> bool:
    """Ask glibc to keep what is freed, once a process; whether it does. Other systems are left as they are.

    It maps every block above 32 MB anew, as are the weights of a wide convolution that are laid out for the processor:
    the system then fills page after page with zeros, which on a CPU took a fifth of a training step.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    return mallopt is not None and all(mallopt(word, KEPT) for word in (MMAP_THRESHOLD, TRIM_THRESHOLD))
