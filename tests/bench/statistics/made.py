"""Scores of made-up methods on made-up images."""

from __future__ import annotations

import numpy as np

from spectra.bench.statistics.images import ImageScores


def made(
    random: np.random.Generator,
    methods: int = 2,
    groups: int = 20,
    each: int = 5,
    apart: float = 0.0,
    alike: float = 0.5,
) -> dict[str, ImageScores]:
    """Images differ a lot, and all methods feel it; of what is a method's own, a share ``alike`` is common to a group.

    The first is better by ``apart`` standard deviations of that.
    """
    owners = np.repeat(np.arange(groups), each)
    names = [f"{place:04d}" for place in range(owners.size)]
    difficulty = random.normal(30, 5, owners.size)
    found = {}
    for method in range(methods):
        common = random.normal(0, np.sqrt(alike), groups)[owners]
        values = difficulty + common + random.normal(0, np.sqrt(1 - alike), owners.size) + apart * (method == 0)
        found["abcdefghijkl"[method]] = ImageScores(names, [f"g{owner}" for owner in owners], [values.tolist()])
    return found


def alone(**values: list[float | None]) -> dict[str, ImageScores]:
    """Methods with one value an image, and each image stands alone."""
    number = len(next(iter(values.values())))
    names = [f"{place:04d}" for place in range(number)]
    return {method: ImageScores(names, names, [said]) for method, said in values.items()}
