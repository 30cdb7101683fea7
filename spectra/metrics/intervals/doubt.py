"""What is to be said of an interval over groups."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

FEW = 5
"""Below this many groups an interval is hardly one: see `docs/statistics.md`."""


def doubt(groups: Sequence[Hashable]) -> str:
    """Why images in these groups have no interval, or a poor one; empty where there is nothing to say.

    Images that stand alone speak for themselves: their number is next to every score.
    """
    number = len(set(groups))
    if number == len(groups) or number >= FEW:
        return ""
    if number == 1:
        return f"no interval: all {len(groups)} images belong to one group, {str(groups[0])!r}"
    return f"the interval is poor: the {len(groups)} images belong to {number} groups only"
