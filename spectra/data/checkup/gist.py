"""An image at a glance: which whole images may be the same, whatever their sizes."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 16
ALIKE = 0.95
"""The least correlation of two gists for the images to be compared more closely."""
PARTNERS = 8
"""So many others at most are named for each image."""
BLOCK = 1 << 20
"""Likenesses held at a time."""


def gist(plane: NDArray[np.float32]) -> NDArray[np.int8]:
    """A grey image reduced to 16×16, without mean, to a length of 127; all 0 for a flat one."""
    small = cv2.resize(plane, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float64)
    small -= small.mean()
    most = float(np.abs(small).max())
    rounded: NDArray[np.int8] = np.rint(small.ravel() * (127 / most if most > 1e-3 else 0)).astype(np.int8)
    return rounded


def alike_gists(gists: Sequence[NDArray[np.int8]]) -> list[tuple[int, int]]:
    """Pairs of places, the lower first, of which one is among the nearest to the other; sorted."""
    if len(gists) < 2:
        return []
    rows = np.stack(gists).astype(np.float32)
    lengths = np.maximum(np.linalg.norm(rows, axis=1), 1)
    most = min(PARTNERS, len(rows) - 1)
    found = set()
    for start in range(0, len(rows), max(1, BLOCK // len(rows))):
        part = slice(start, start + max(1, BLOCK // len(rows)))
        likeness = rows[part] @ rows.T / lengths[part, None] / lengths
        here = np.arange(len(likeness))
        likeness[here, here + start] = -1
        nearest = np.argpartition(-likeness, most - 1, axis=1)[:, :most]
        for row, column in zip(*np.nonzero(np.take_along_axis(likeness, nearest, 1) >= ALIKE), strict=True):
            first, second = sorted((int(row) + start, int(nearest[row, column])))
            found.add((first, second))
    return sorted(found)
