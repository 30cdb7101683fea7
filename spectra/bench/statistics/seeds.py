"""One score of several trainings that differ in nothing but their seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean, stdev
from typing import NamedTuple

from spectra.bench.statistics.images import ImageScores, is_mean, known
from spectra.bench.statistics.student import quantile
from spectra.metric import Score
from spectra.metrics.intervals import bootstrap_interval, doubt

FEWEST = 3
"""Seeds that an interval is taken from. The deviation of two is 30 times too small in one case of forty."""


class OverSeeds(NamedTuple):
    """The score, and the standard deviation of the seeds' own; None for a single seed."""

    score: Score
    seed_sd: float | None


def over_seeds(scores: Sequence[Score], images: ImageScores | None = None, confidence: float = 0.95) -> OverSeeds:
    """The mean over seeds. ``scores``, and the values of ``images``, have one entry a seed, in the same order.

    Where a score is the mean of its images' scores, its interval is over images, as of a single seed, of their means
    over seeds. A metric of whole sets takes its interval from the seeds, by Student's t, from ``FEWEST`` on.
    """
    _refuse_unlike(scores)
    found = [score for score in scores if score.value is not None]
    failed = _failed(len(scores) - len(found), len(scores))
    said = [score.reason for score in scores] + [failed] * bool(found)
    if len(found) > 1 and images is not None and _of_images(scores, images):
        return _over_images(found[0], said, images, confidence)
    return _over_sets(scores[0], found, said, confidence)


def _refuse_unlike(scores: Sequence[Score]) -> None:
    if not scores:
        raise ValueError("a mean over seeds needs the score of one")
    if len({(score.unit, score.better, score.signature) for score in scores}) > 1:
        raise ValueError(f"scores of unlike signatures have no mean: {sorted({it.signature for it in scores})}")


def _failed(number: int, seeds: int) -> str:
    return f"{number} of {seeds} seeds {'has' if number == 1 else 'have'} no score" if number else ""


def _of_images(scores: Sequence[Score], images: ImageScores) -> bool:
    """Whether each seed that has a score has it as the mean of its images'."""
    each = zip(scores, images.values, strict=True)
    return all(is_mean(score.value, values) for score, values in each if score.value is not None)


def _over_images(like: Score, said: Sequence[str], images: ImageScores, confidence: float) -> OverSeeds:
    mean = images.mean().values[0]
    kept = [place for place, value in enumerate(mean) if value is not None]
    values, groups = known(mean), [images.owners[place] for place in kept]
    torn = sum(any(seed[place] is not None for seed in images.scored) for place in range(len(mean))) - len(kept)
    missed = [f"{torn} image{'s' * (torn > 1)} left out: not every seed has a score of it"] if torn else []
    reason = _joined([*said, *missed, doubt(groups)])
    if not values:
        return OverSeeds(replace(like, value=None, low=None, high=None, n=0, reason=reason), None)
    low, high = bootstrap_interval(values, groups, confidence)
    spread = stdev(fmean(known([seed[place] for place in kept])) for seed in images.scored)
    value = math.fsum(values) / len(values)
    return OverSeeds(replace(like, value=value, low=low, high=high, n=len(values), reason=reason), spread)


def _over_sets(first: Score, found: Sequence[Score], said: Sequence[str], confidence: float) -> OverSeeds:
    values = known([score.value for score in found])
    if len(values) < 2:
        only = found[0] if found else first
        return OverSeeds(replace(only, reason=_joined([*said, *_too_few(only, len(values))])), None)
    value, spread = fmean(values), stdev(values)
    reach = quantile((1 + confidence) / 2, len(values) - 1) * spread / math.sqrt(len(values))
    bounds = (value - reach, value + reach) if len(values) >= FEWEST else (None, None)
    score = replace(found[0], value=value, low=bounds[0], high=bounds[1], n=min(it.n for it in found), reason="")
    reasons = [_without_interval(reason) for reason in said]  # of one seed alone there was none
    return OverSeeds(replace(score, reason=_joined([*reasons, *_too_few(score, len(values))])), spread)


def _too_few(score: Score, seeds: int) -> list[str]:
    """Why a score of a whole set has no interval; nothing where it has one, or has said why not, or is none at all."""
    if score.low is not None or score.value is None or "no interval" in score.reason:
        return []
    return [f"no interval: a score of a whole set takes it from {FEWEST} seeds or more, and there {_are(seeds)}"]


def _without_interval(reason: str) -> str:
    """What else a seed has to say."""
    return "; ".join(part for part in reason.split("; ") if not part.startswith("no interval"))


def _are(seeds: int) -> str:
    return "is 1" if seeds == 1 else f"are {seeds}"


def _joined(reasons: Sequence[str]) -> str:
    """Each once."""
    return "; ".join(dict.fromkeys(reason for reason in reasons if reason))
