"""Holm's correction: among many tests, one must not find something by their number alone."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Each p as if it stood alone: compare it with the level that all tests together may err by.

    The smallest is multiplied by the number of tests, the next by one less, and so on; none may come out below one
    that was smaller before. None, for what was not tested, is left out and stays None.
    """
    ranked = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    corrected: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (p, place) in enumerate(ranked):
        highest = max(highest, min(1.0, (len(ranked) - rank) * p))
        corrected[place] = highest
    return corrected
