"""Average precision of images that are drawn more than once, from their matches.

It is what COCO's accumulation gives for a list of images with repetitions (where no two scores are equal), without
evaluating each such list.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spectra_detect.scoring import AP, AP50, AP75, FIFTY, SEVENTY_FIVE, Matches

RECALLS = np.linspace(0.0, 1.0, 101)
EPSILON = np.spacing(1.0)


def weighted(matches: Sequence[Matches], names: Sequence[str], times: NDArray[np.int64]) -> dict[str, float]:
    """All scores by name, classes too, of images that are there ``times`` times; NaN where nothing is to be found."""
    by_class = [weighted_class(one, times) for one in matches]
    there = [precision for precision in by_class if precision is not None]
    whole = np.stack(there) if there else np.full((1, 10), np.nan)
    values = {AP: whole.mean(), AP50: whole[:, FIFTY].mean(), AP75: whole[:, SEVENTY_FIVE].mean()}
    classes = {
        f"class:{name}": np.nan if one is None else one.mean() for name, one in zip(names, by_class, strict=True)
    }
    return {name: float(value) for name, value in {**values, **classes}.items()}


def weighted_class(matches: Matches, times: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """Average precision at each threshold; None where there is nothing to find."""
    wanted = int((matches.wanted * times).sum())
    if wanted == 0:
        return None
    counted = times[matches.places] * ~matches.ignored
    hits = np.cumsum(counted * matches.hits, axis=1)
    misses = np.cumsum(counted * ~matches.hits, axis=1)
    precision = hits / (hits + misses + EPSILON)
    envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    return np.array([_at_recalls(hits[row] / wanted, envelope[row]) for row in range(len(hits))])


def _at_recalls(recall: NDArray[np.float64], envelope: NDArray[np.float64]) -> float:
    """The mean of the precision at 101 recalls; 0 beyond what is reached."""
    places = np.searchsorted(recall, RECALLS, side="left")
    return float(np.append(envelope, 0.0)[np.minimum(places, envelope.size)].mean())
