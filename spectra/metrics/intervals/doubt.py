"""What is to be said of an interval over few images, or few groups."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

FEW = 5
"""Below this many images or groups an interval is hardly one: see `docs/statistics.md`."""


def doubt(groups: Sequence[Hashable]) -> str:
    """Why images in these groups have no interval, or a poor one; empty where there is nothing to say.

    Of a single image there is no interval to speak of.
    """
    number = len(set(groups))
    if number >= FEW or len(groups) < 2:
        return ""
    if number == len(groups):
        return f"of {number} images: the interval is rough"
    if number == 1:
        return f"no interval: all {len(groups)} images belong to one group, {str(groups[0])!r}"
    return f"the interval is poor: the {len(groups)} images belong to {number} groups only"
