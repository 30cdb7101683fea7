"""Least squares through a clip: exactly for the factor, step by step for what has more parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from spectra import SpectraError
from spectra_graydef.levels import Levels, Numbers, blocks

if TYPE_CHECKING:
    from spectra import Pair

ROUNDS = 10
RANK = 1e-12  # eigenvalues below this share of the largest are taken for rounding
EDGE = 1e-9  # what comes this near to a limit has reached it, not passed it


@dataclass(frozen=True)
class Fit:
    """Parameters, how good they are behind the clip, and what they would be over the pixels it leaves alone."""

    parameters: Numbers
    loss: float
    saturated: float
    again: Numbers


def fit_factor(levels: Levels) -> float:
    """The f ≥ 0 that minimises Σ (min(f·v, 1) − y)² over all pixels; of equals the smallest.

    Between two neighbouring breakpoints 1/v the same levels are clipped and the sum is a parabola in f. At a breakpoint
    its slope falls, so there are many local minima: the best of every interval is taken, and the best of those.
    """
    lit = levels.gray > 0
    if not lit.any():
        raise SpectraError(
            "The factor cannot be fitted: every valid source pixel is black, so any factor does the same. "
            "Look at the source images, or give a factor."
        )
    v, n, y = (numbers[lit][::-1] for numbers in (levels.gray, levels.count, levels.target))
    clipped, clipped_y = _before(n), _before(y)
    a, b = _from_here(n * v**2), _from_here(v * y)
    lower, upper = _before(1 / v, last_only=True), 1 / v
    f = np.clip(b / a, lower, upper)
    loss = f**2 * a - 2 * f * b + clipped - 2 * clipped_y
    return float(f[np.argmin(loss)])


def clips(curve: Numbers) -> NDArray[np.bool_]:
    """Where the clip changes something."""
    return (curve < -EDGE) | (curve > 1 + EDGE)


def try_affine(levels: Levels, parameters: Numbers) -> Fit:
    """The curve a·v + b behind the clip."""
    slope, bias = parameters
    curve = slope * levels.gray + bias
    clipped = clips(curve)
    again = affine_least_squares(levels, ~clipped) if not clipped.all() else parameters
    return Fit(parameters, levels.loss(np.clip(curve, 0, 1)), levels.share(clipped), again)


def affine_least_squares(levels: Levels, chosen: NDArray[np.bool_]) -> Numbers:
    root = np.sqrt(levels.count[chosen])
    rows = np.stack([levels.gray[chosen], np.ones_like(root)], axis=1) * root[:, None]
    return np.asarray(np.linalg.lstsq(rows, levels.mean[chosen] * root, rcond=None)[0])


def try_channels(pairs: Iterable[Pair], weights: Numbers, keep_clipped: bool = False) -> Fit:
    """One pass over the pairs: the loss of these weights, and least squares over what they leave unclipped (or all)."""
    c = len(weights)
    gram, moment = np.zeros((c, c)), np.zeros(c)
    loss, clipped, pixels = 0.0, 0, 0
    for x, y in (block for pair in pairs for block in blocks(pair)):
        raw = weights @ x
        outside = clips(raw)
        kept = x if keep_clipped else x * ~outside
        gram, moment = gram + kept @ x.T, moment + kept @ y
        loss += float(((np.clip(raw, 0, 1) - y) ** 2).sum())
        clipped, pixels = clipped + int(outside.sum()), pixels + len(y)
    again = np.linalg.pinv(gram, rcond=RANK, hermitian=True) @ moment
    return Fit(weights, loss / pixels, clipped / pixels, again)


def descend(attempt: Callable[[Numbers], Fit], starts: Sequence[Numbers]) -> Fit:
    """From the best start, least squares over what is not clipped, again while the loss behind the clip falls."""
    best = min((attempt(start) for start in starts), key=lambda fit: fit.loss)
    for _ in range(ROUNDS):
        following = attempt(best.again)
        if not following.loss < best.loss * (1 - 1e-9):
            break
        best = following
    return best


def _from_here(numbers: Numbers) -> Numbers:
    """Sums from each place to the end."""
    return np.cumsum(numbers[::-1])[::-1]


def _before(numbers: Numbers, last_only: bool = False) -> Numbers:
    """Sums of all before each place, or only the one before it; 0 at the first."""
    return np.concatenate([[0.0], (numbers if last_only else np.cumsum(numbers))[:-1]])
