"""COCO's masks of runs: lengths of zeros and ones in turn, column by column, as a list or packed into a text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

FIRST = 48  # the character of the number 0
MORE, SIGN = 0x20, 0x10  # flags of six bits: others follow; the number is negative


def resized(told: dict[str, Any], height: int, width: int) -> dict[str, Any]:
    """The mask at another size: each pixel is that of the nearest before. ValueError where it is no sound mask."""
    mask = decoded(told)
    rows = ((np.arange(height) + 0.5) * mask.shape[0] / height).astype(np.intp)
    columns = ((np.arange(width) + 0.5) * mask.shape[1] / width).astype(np.intp)
    counts = list(_runs(mask[np.ix_(rows, columns)]))
    return {**told, "size": [height, width], "counts": _packed(counts) if isinstance(told["counts"], str) else counts}


def decoded(told: dict[str, Any]) -> NDArray[np.bool_]:
    """``(h, w)``, true inside."""
    try:
        (height, width), counts = told["size"], told["counts"]
        lengths = list(_unpacked(counts)) if isinstance(counts, str) else counts
        ends = np.arange(len(lengths)) % 2 == 1
        flat = np.repeat(ends, np.asarray(lengths, np.int64))
        return flat.reshape(width, height).T
    except (KeyError, TypeError, IndexError, ValueError, OverflowError) as why:
        raise ValueError(f"is no mask of runs: {why}") from None


def _runs(mask: NDArray[np.bool_]) -> Iterator[int]:
    flat = mask.T.ravel()
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    if flat.size and flat[0]:
        yield 0
    bounds = [0, *edges.tolist(), flat.size]
    yield from (end - start for start, end in pairwise(bounds))


def _unpacked(text: str) -> Iterator[int]:
    """From the fourth on, the difference to the length two before is what is written."""
    lengths: list[int] = []
    value = shift = 0
    for code in text.encode("ascii"):
        piece = code - FIRST
        value |= (piece & 0x1F) << shift
        shift += 5
        if not piece & MORE:
            if piece & SIGN:
                value -= 1 << shift
            lengths.append(value + (lengths[-2] if len(lengths) > 2 else 0))
            yield lengths[-1]
            value = shift = 0


def _packed(lengths: Iterable[int]) -> str:
    known = list(lengths)
    steps = (length - known[place - 2] if place > 2 else length for place, length in enumerate(known))
    return "".join(chr(FIRST + piece) for step in steps for piece in _pieces(step))


def _pieces(value: int) -> Iterator[int]:
    while True:
        piece, value = value & 0x1F, value >> 5
        done = value == (-1 if piece & SIGN else 0)
        yield piece if done else piece | MORE
        if done:
            return
