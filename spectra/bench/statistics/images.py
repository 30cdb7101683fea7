"""The scores of one method in one metric, image by image."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ImageScores:
    """For each seed one value an image, in the order of ``names``; None where there is none."""

    names: Sequence[str]
    groups: Sequence[str]
    """What each image belongs to; its own name, or nothing, where it stands alone."""
    values: Sequence[Sequence[float | None]]

    def __post_init__(self) -> None:
        if len(set(self.names)) != len(self.names):
            raise ValueError("each image has a name of its own")
        if any(len(each) != len(self.names) for each in (self.groups, *self.values)):
            raise ValueError(f"{len(self.names)} images need as many groups, and as many values for each seed")

    @property
    def owners(self) -> list[str]:
        """The groups, those of one image by its name."""
        return [group or name for name, group in zip(self.names, self.groups, strict=True)]

    @property
    def scored(self) -> list[Sequence[float | None]]:
        """The values of the seeds that have any."""
        return [seed for seed in self.values if any(value is not None for value in seed)]

    def mean(self) -> ImageScores:
        """Of each image the mean over seeds, as of a single seed. An image that a seed has no score of has none: means
        over differing seeds would not be of the same thing."""
        seeds = self.scored
        return ImageScores(self.names, self.groups, [[_mean(each) for each in zip(*seeds, strict=True)]] * bool(seeds))

    def has_mean(self, value: float | None) -> bool:
        """Whether the score of the set is the mean of these: else nothing of it can be said from them."""
        means = self.mean().values
        return bool(means) and is_mean(value, means[0])


def known(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def is_mean(value: float | None, values: Sequence[float | None]) -> bool:
    """Whether the score of a set is the mean of its images' scores: else nothing of it can be said from these."""
    found = known(values)
    return bool(found) and value is not None and math.isclose(value, math.fsum(found) / len(found), abs_tol=1e-12)


def _mean(values: Sequence[float | None]) -> float | None:
    found = known(values)
    return math.fsum(found) / len(found) if len(found) == len(values) else None
