"""Faults of labels, gathered so that they are told together, each with its file and place."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import Any, TypeGuard

from spectra.errors import DataError
from spectra.labels.labels import Box, Image

LISTED = 100
EDGE = 0.5
"""Pixels by which a box may reach beyond its image: less is rounding, and is carried over as it is."""


class Faults:
    """What is wrong, in the order in which it was found. ``clip``: boxes that reach out are cut instead."""

    def __init__(self, clip: bool = False) -> None:
        self.clip = clip
        self.found: list[str] = []
        self.cut = 0
        """Boxes that were cut at the edge of their image."""
        self.lost = 0
        """Boxes without an area inside their image, which were dropped."""

    def add(self, path: Path, place: str | int, text: str) -> None:
        """``place`` is a line of the file, or words such as ``annotations[3]``."""
        between = ":" if isinstance(place, int) else ": "
        self.found.append(f"{str(path)!r}{between}{place}: {text}" if place else f"{str(path)!r}: {text}")

    def sound(self, path: Path, place: str | int, box: Box, image: Image) -> Box | None:
        """The box, cut where that is wished for; None where it is told as a fault, or nothing of it is left."""
        wrong = wrong_box(box, image)
        if not wrong:
            return box
        if not (self.clip and finite(box)):
            self.add(path, place, wrong)
            return None
        inside = _inside(box, image)
        self.cut, self.lost = self.cut + (inside is not None), self.lost + (inside is None)
        return inside

    def require_none(self) -> None:
        """Tell all of them, if there are any."""
        if not self.found:
            return
        count = len(self.found)
        more = [f"... and {count - LISTED} more."] if count > LISTED else []
        head = f"The labels have {count} faults:" if count > 1 else "The labels have a fault:"
        told = "\n  ".join([head, *self.found[:LISTED], *more])
        raise DataError(f"{told}\nNothing was written. Correct them, and give the same command again.")


def number(value: Any) -> bool:
    """Whether it is a number that is neither NaN nor infinite; true and false are none."""
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    except OverflowError:  # a whole number that no float holds
        return False


def sound_name(value: Any) -> TypeGuard[str]:
    """Whether it can be the name of a class in every format: a text without control characters."""
    return isinstance(value, str) and bool(value.strip()) and value.isprintable()


def finite(box: Box) -> bool:
    return all(number(side) for side in (box.left, box.top, box.width, box.height))


def wrong_box(box: Box, image: Image) -> str:
    """What is wrong with where a box lies, in words; empty where nothing is."""
    if not finite(box):
        return f"the box {_told(box)} holds what is no finite number"
    if box.width <= 0 or box.height <= 0:
        return f"the box {_told(box)} has no area"
    right, bottom = box.left + box.width, box.top + box.height
    if min(box.left, box.top) < -EDGE or right > image.width + EDGE or bottom > image.height + EDGE:
        return f"the box {_told(box)} reaches out of its image, which is {image.width}×{image.height}"
    return ""


def _inside(box: Box, image: Image) -> Box | None:
    left, top = max(box.left, 0), max(box.top, 0)
    right, bottom = min(box.left + box.width, image.width), min(box.top + box.height, image.height)
    if right <= left or bottom <= top:
        return None
    kept = {key: value for key, value in box.extra.items() if key != "area"}  # it was that of the whole
    return replace(box, left=left, top=top, width=right - left, height=bottom - top, extra=kept)


def _told(box: Box) -> str:
    sides = (box.left, box.top, box.width, box.height)
    told = ", ".join(f"{side:.10g}" if isinstance(side, float) else repr(side) for side in sides)
    return f"({told}) (left, top, width, height)"
