"""Images window by window, so that what is in memory does not grow with the image; the results are as of the whole."""

from __future__ import annotations

from math import isqrt

from spectra.data.catalogue import Window
from spectra.data.formats.header import DTYPES, Header

LARGE = 2**22
"""Pixels above which an image is translated window by window where it can be."""
WINDOW = 2**20
"""Pixels of a window, or a little more where the file's blocks ask for that."""
_MOST_BLOCK = 2**25  # bytes of a tile or strip; of larger ones the whole image is as cheap


def small_blocks(header: Header, block: tuple[int, int]) -> bool:
    """Whether a window is read without decoding much more than it."""
    return block[0] * block[1] * header.channels * DTYPES[header.dtype] <= _MOST_BLOCK


def planned(height: int, width: int, block: tuple[int, int], most: int) -> list[Window]:
    """Windows of about `most` pixels that cover the image, made of whole tiles or strips."""
    if block[1] >= width:
        rows, columns = _whole(most // width, block[0]), width
    else:
        columns = _whole(isqrt(most), block[1])
        rows = _whole(most // columns, block[0])
    return [
        Window(top, left, min(rows, height - top), min(columns, width - left))
        for top in range(0, height, rows)
        for left in range(0, width, columns)
    ]


def widened(window: Window, size: tuple[int, int], reach: int, multiple: int) -> Window:
    """All that the results in a window depend on, its corner where the model's padding to a multiple has no say.

    At the end of the image the model pads by reflection: what it reflects must be inside.
    """
    (top, bottom), (left, right) = (
        _widened(start, start + length, whole, reach, multiple)
        for start, length, whole in zip(window[:2], window[2:], size, strict=True)
    )
    return Window(top, left, bottom - top, right - left)


def inner(window: Window, wide: Window) -> tuple[slice, slice]:
    """Where the window lies in the wide one."""
    top, left = window.top - wide.top, window.left - wide.left
    return slice(top, top + window.height), slice(left, left + window.width)


def _whole(length: int, block: int) -> int:
    return max(1, length // block) * block


def _widened(start: int, end: int, whole: int, reach: int, multiple: int) -> tuple[int, int]:
    first, last = start - reach, end + reach
    if -(-last // multiple) * multiple >= whole:
        first, last = min(first, whole - multiple), whole
    return max(0, first // multiple * multiple), min(whole, -(-last // multiple) * multiple)
