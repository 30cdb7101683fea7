"""How sure the scores are: scenes of the test split are drawn anew, the same ones for all arms and seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from spectra_detect.average_precision import weighted
from spectra_detect.scoring import Matches

Draws = dict[str, NDArray[np.float64]]
"""By name of the score: its values in all draws."""


def drawn_times(groups: Sequence[str], resamples: int, seed: int = 0) -> NDArray[np.int64]:
    """How often each image is there in each draw, ``(resamples, images)``: the images of a scene come together."""
    codes = {group: place for place, group in enumerate(dict.fromkeys(groups))}
    of_image = np.array([codes[group] for group in groups])
    random = np.random.default_rng(seed)
    chosen = random.integers(len(codes), size=(resamples, len(codes)))
    times = np.stack([np.bincount(row, minlength=len(codes)) for row in chosen])
    return times[:, of_image]


def redrawn(matches: Sequence[Matches], names: Sequence[str], times: NDArray[np.int64]) -> Draws:
    """Every score in every draw."""
    rows = [weighted(matches, names, row) for row in times]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def interval(values: NDArray[np.float64], confidence: float) -> list[float] | None:
    """Percentiles; draws in which there was nothing to find are left out."""
    there = values[np.isfinite(values)]
    if there.size < 2:
        return None
    low, high = np.quantile(there, [(1 - confidence) / 2, (1 + confidence) / 2])
    return [float(low), float(high)]


def over_seeds(draws: Sequence[Draws], name: str, *, seed: int = 0) -> NDArray[np.float64]:
    """The mean over as many seeds as there are, drawn anew too: images and seeds at once."""
    values = np.stack([one[name] for one in draws])
    random = np.random.default_rng([seed, 1])
    chosen = random.integers(len(values), size=values.shape[::-1])
    found: NDArray[np.float64] = values[chosen, np.arange(values.shape[1])[:, None]].mean(axis=1)
    return found


def subtracted(one: Mapping[str, NDArray[np.float64]], other: Mapping[str, NDArray[np.float64]]) -> Draws:
    """What the one has more than the other, draw by draw."""
    return {name: one[name] - other[name] for name in one}
