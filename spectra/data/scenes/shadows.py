"""Which parts of a height map another part hides, seen along a slanting ray."""

from __future__ import annotations

import numpy as np

from .noise import Floats

LONGEST = 72  # pixels


def hidden(height: Floats, toward_x: float, toward_y: float, rise: float) -> Floats:
    """How many metres each pixel lies below the rays that graze what stands between it and (toward_x, toward_y).

    ``rise``: metres that a ray climbs for each pixel.
    """
    ceiling = np.full(height.shape, np.float32(-1e6))
    reach = min(LONGEST, int(float(height.max()) / rise) + 1)
    for step in range(1, reach + 1):
        right, down = round(step * toward_x), round(step * toward_y)
        here, there = _overlap(height.shape, right, down)
        if height[there].size:
            np.maximum(ceiling[here], height[there] - step * rise, out=ceiling[here])
    return ceiling - height


def _overlap(shape: tuple[int, ...], right: int, down: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    rows, columns = shape
    high, wide = max(0, rows - abs(down)), max(0, columns - abs(right))
    top, left = max(0, -down), max(0, -right)
    here = slice(top, top + high), slice(left, left + wide)
    there = slice(top + down, top + down + high), slice(left + right, left + right + wide)
    return here, there


def shade(height: Floats, toward_x: float, toward_y: float, rise: float, penumbra: float = 0.7) -> Floats:
    """Share of the source that is hidden, 0 to 1."""
    return np.asarray(np.clip(hidden(height, toward_x, toward_y, rise) * (1 / penumbra), 0.0, 1.0))
