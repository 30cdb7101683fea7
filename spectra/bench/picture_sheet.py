"""A sheet of pictures: a row for each image, with source, prediction, target and error beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from torch import Tensor

from spectra.bench.samples import WORST_SHOWN, heat
from spectra.data.pairs import Pair
from spectra.data.preview import Image, fitted, shown, stretch

WIDEST, NARROWEST = 384, 160
"""Pixels of a picture, the longer side; smaller ones are shown enlarged by a whole factor."""
MARGIN, GAP, LINE = 12, 6, 22
PAPER, INK, SOFT = (250, 250, 251), (27, 33, 45), (110, 120, 138)
HEADINGS = ("source", "prediction", "target", f"error, to {WORST_SHOWN:.0%}")


@dataclass(frozen=True)
class Row:
    """A pair, and the prediction for it, without NaN."""

    pair: Pair
    prediction: Tensor


def picture_sheet(rows: Sequence[Row]) -> Image:
    """All rows on one sheet, with headings and names."""
    panels = [[_at_size(panel) for panel in _panels(row)] for row in rows]
    widths = [max(row[column].shape[1] for row in panels) for column in range(len(HEADINGS))]
    lefts = [MARGIN + sum(widths[:column]) + GAP * column for column in range(len(HEADINGS))]
    heights = [max(panel.shape[0] for panel in row) for row in panels]
    height = MARGIN + LINE + sum(heights) + (LINE + GAP) * len(rows) + MARGIN - GAP
    sheet = np.full((height, lefts[-1] + widths[-1] + MARGIN, 3), PAPER, np.uint8)
    for left, width, heading in zip(lefts, widths, HEADINGS, strict=True):
        _write(sheet, heading, left, MARGIN + LINE - 8, width, INK)
    top = MARGIN + LINE
    for row, parts, tall in zip(rows, panels, heights, strict=True):
        for left, panel in zip(lefts, parts, strict=True):
            sheet[top : top + panel.shape[0], left : left + panel.shape[1]] = panel
        _write(sheet, row.pair.name, lefts[0], top + tall + LINE - 6, sheet.shape[1] - 2 * MARGIN, SOFT)
        top += tall + LINE + GAP
    return sheet


def _panels(row: Row) -> list[Image]:
    """Prediction and target share one stretch: brightness compares. There is no error where there is no data."""
    source, target = row.pair.source, row.pair.target
    low, high = stretch(target.pixels, target.dtype)
    error = (row.prediction - target.pixels).abs().mean(0)
    if row.pair.valid is not None and row.pair.valid.shape == error.shape:
        error = error * row.pair.valid
    return [
        shown(source.pixels, *stretch(source.pixels, source.dtype)),
        shown(row.prediction, low, high),
        shown(target.pixels, low, high),
        heat(error),
    ]


def _at_size(image: Image) -> Image:
    factor = NARROWEST // max(image.shape[:2])
    if factor > 1:
        return np.repeat(np.repeat(image, factor, axis=0), factor, axis=1)
    return fitted(image, WIDEST)


def _write(sheet: Image, text: str, left: int, bottom: int, room: int, colour: tuple[int, int, int]) -> None:
    """What does not fit is cut; the letters of OpenCV are those of ASCII."""
    plain = text.encode("ascii", "replace").decode()
    scale = 0.45
    while len(plain) > 1 and cv2.getTextSize(plain, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)[0][0] > room:
        plain = plain[:-2] + "~"
    cv2.putText(sheet, plain, (left, bottom), cv2.FONT_HERSHEY_SIMPLEX, scale, colour, 1, cv2.LINE_AA)
