"""Test images with what is on them, and what each arm finds there, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from spectra_detect.detections import Detection
from spectra_detect.files import whole
from spectra_detect.images import LabelledImages

COLOURS = ((40, 160, 255), (80, 220, 80), (255, 140, 60), (220, 80, 220), (60, 220, 230), (120, 120, 255))
"""Of the classes: orange, green, blue, pink, yellow, red; then over again."""
SHOWN = 0.4
HEIGHT, TITLE, GAP = 320, 22, 4
Pixels = NDArray[np.uint8]
Row = tuple[Sequence[float], int, float | None]
"""A box as left, top, width and height, its class, and its score."""


def draw(images: LabelledImages, found: Mapping[str, Sequence[Detection]], out: Path, count: int) -> list[Path]:
    """The first images of the split, one file each: the truth, then each arm with what it scores at 0.4 or more."""
    written = []
    for place in range(min(count, len(images))):
        path = out / f"{images.names[place]}.png"
        with whole(path) as temporary:
            if not cv2.imwrite(str(temporary), _sheet(images, found, place)):
                raise OSError(f"{str(path)!r} cannot be written")
        written.append(path)
    return written


def _sheet(images: LabelledImages, found: Mapping[str, Sequence[Detection]], place: int) -> Pixels:
    pixels = np.ascontiguousarray(images.pixels(place).numpy().transpose(1, 2, 0)[..., ::-1])
    panels = [_panel(pixels, _truth(images, place), "truth")]
    for name, detections in found.items():
        rows = [
            (one["bbox"], one["category_id"], one["score"])
            for one in detections
            if one["image_id"] == images.images[place].id and one["score"] >= SHOWN
        ]
        panels.append(_panel(pixels, rows, name))
    gap = np.full((panels[0].shape[0], GAP, 3), 255, np.uint8)
    _legend(panels[0], images.classes)
    return np.hstack([part for panel in panels for part in (panel, gap)][:-1])


def _truth(images: LabelledImages, place: int) -> list[Row]:
    one = images.found[place]
    rows = zip(one.boxes.tolist(), one.classes.tolist(), one.ignored.tolist(), strict=True)
    return [
        ([left, top, right - left, bottom - top], label, None)
        for (left, top, right, bottom), label, off in rows
        if not off
    ]


def _panel(pixels: Pixels, rows: Sequence[Row], title: str) -> Pixels:
    scale = HEIGHT / pixels.shape[0]
    shown = cv2.resize(pixels, (round(pixels.shape[1] * scale), HEIGHT), interpolation=cv2.INTER_NEAREST)
    for (left, top, width, height), label, score in rows:
        colour = COLOURS[(label - 1) % len(COLOURS)]
        corner, opposite = _point(left, top, scale), _point(left + width, top + height, scale)
        cv2.rectangle(shown, corner, opposite, colour, 1)
        if score is not None:
            cv2.putText(shown, f"{score:.2f}", (corner[0] + 1, corner[1] + 9), cv2.FONT_HERSHEY_PLAIN, 0.7, colour)
    above = np.full((TITLE, shown.shape[1], 3), 255, np.uint8)
    cv2.putText(above, title, (4, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return np.vstack([above, shown])


def _legend(panel: Pixels, classes: Sequence[str]) -> None:
    """The names of the classes in their colours, behind the title."""
    left = 60
    for number, name in enumerate(classes):
        cv2.putText(
            panel, name, (left, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, COLOURS[number % len(COLOURS)], 1, cv2.LINE_AA
        )
        left += 12 + cv2.getTextSize(name, cv2.FONT_HERSHEY_SIMPLEX, 0.45, 1)[0][0]


def _point(x: float, y: float, scale: float) -> tuple[int, int]:
    return round(x * scale), round(y * scale)
