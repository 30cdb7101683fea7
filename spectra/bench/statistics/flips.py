"""The sign-flip test: whether a mean difference could be there if the names of the two were a matter of chance."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from spectra.bench.statistics.whole import whole

EXACT = 12
"""Up to so many groups, all flips are tried."""
_AT_ONCE = 1 << 20
_TIE = 1e-9
"""Of the sum of all sizes: what is so near the observed is as far out, as equal sums differ by rounding."""


def p_values(sums: NDArray[np.float64], flips: int, seed: int) -> list[float]:
    """Two-sided, for each row of ``sums``, which holds the sum of the differences of each group.

    A group is flipped as one: its images are alike, and flipping each would count them as so many witnesses. Beyond
    ``EXACT`` groups, ``flips`` are drawn, and the observed is counted as one more, so that no p is ever zero.
    """
    groups = sums.shape[1]
    numbers = whole(sums).numbers
    bounds = np.abs(numbers.sum(axis=1)) - np.maximum(_TIE * np.abs(numbers).sum(axis=1), groups)
    exact = is_exact(groups)
    beyond = np.zeros(len(sums), dtype=np.int64)
    for signs in _all_signs(groups) if exact else _drawn_signs(groups, flips, seed):
        beyond += _beyond(signs, numbers, bounds)
    counts: list[int] = beyond.tolist()
    return [count / 2**groups if exact else (count + 1) / (flips + 1) for count in counts]


def is_exact(groups: int) -> bool:
    return groups <= EXACT


def _beyond(signs: NDArray[np.float64], numbers: NDArray[np.float64], bounds: NDArray[np.float64]) -> NDArray[np.int64]:
    """Of each row of numbers, how many flips are as far out as the observed; some rows at a time, to bound memory."""
    each = max(1, _AT_ONCE // len(signs))
    parts = [slice(start, start + each) for start in range(0, len(numbers), each)]
    return np.concatenate([(np.abs(signs @ numbers[it].T) >= bounds[it]).sum(axis=0) for it in parts])


def _all_signs(groups: int) -> Iterator[NDArray[np.float64]]:
    bits = np.arange(2**groups)[:, None] >> np.arange(groups) & 1
    yield _as_signs(bits)


def _drawn_signs(groups: int, flips: int, seed: int) -> Iterator[NDArray[np.float64]]:
    random = np.random.default_rng(seed)
    rows = max(1, _AT_ONCE // groups)
    for start in range(0, flips, rows):
        yield _as_signs(random.integers(2, size=(min(rows, flips - start), groups), dtype=np.int8))


def _as_signs(bits: NDArray[np.integer]) -> NDArray[np.float64]:
    signs: NDArray[np.float64] = 1.0 - 2.0 * bits.astype(np.float64)
    return signs
