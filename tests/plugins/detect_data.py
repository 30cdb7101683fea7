"""Small folders of labelled images for the tests of `spectra_detect`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from spectra.labels import coco
from spectra.labels.labels import Box, Image, Labels
from spectra_detect.images import LabelledImages
from spectra_detect.settings import LabelSettings

Row = tuple[str, float, float, float, float]
"""Class, left, top, width and height."""
CLASSES = {"car": ["car", "truck"], "person": ["person"]}


def folder(
    root: Path,
    boxes: Sequence[Sequence[Row]],
    *,
    names: Sequence[str] = (),
    size: int = 64,
    channels: int = 1,
    crowd: bool = False,
    seed: int = 0,
) -> Path:
    """``root/images`` and ``root/labels.json``: an image of noise for each list of boxes."""
    (root / "images").mkdir(parents=True)
    random = np.random.default_rng(seed)
    files = [f"{name}.png" for name in names] or [f"{root.name}_{place}.png" for place in range(len(boxes))]
    for file in files:
        cv2.imwrite(str(root / "images" / file), random.integers(0, 256, (size, size, channels)).astype(np.uint8))
    images = [Image(place, file, size, size) for place, file in enumerate(files, 1)]
    rows = [Box(place, *row, crowd=crowd) for place, of_image in enumerate(boxes, 1) for row in of_image]
    coco.write(Labels(images, rows, tuple(sorted({row.name for row in rows}))), root / "labels.json")
    return root


def labelled(root: Path, boxes: Sequence[Sequence[Row]], *, smallest: float = 0, **said: object) -> LabelledImages:
    return LabelledImages(folder(root, boxes, **said), LabelSettings(classes=CLASSES, smallest=smallest))  # type: ignore[arg-type]
