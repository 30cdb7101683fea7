"""A small labelled set of images, in every format, for tests that grow it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from spectra.data.images import write_image
from spectra.labels import coco, voc, yolo
from spectra.labels.labels import Box, Image, Labels
from tests.translation.images import image

SIZES = {"a.png": (20, 40), "sub/b.png": (48, 64), "c.tif": (10, 10)}
IDS = {"a.png": 42, "sub/b.png": 9, "c.tif": 70}
CLASSES = ("car", "truck", "bus", "bicycle", "person")


def labels() -> Labels:
    images = [Image(IDS[name], name, width, height) for name, (height, width) in SIZES.items()]
    boxes = [
        Box(42, "car", 2, 3, 10, 12),
        Box(42, "truck", 0, 0, 40, 20),
        Box(9, "bus", 10, 20, 30, 8),
        Box(9, "person", 63, 47, 1, 1),
    ]
    return Labels(images, boxes, CLASSES)


def pictures(folder: Path, dtype: str = "uint8") -> Path:
    for seed, (name, size) in enumerate(SIZES.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_image(path, image(seed, dtype=dtype, size=size))
    return folder


def files_of(format: str, folder: Path) -> Path:
    """The labels as a user has them; where they are to be named."""
    files = {
        "coco": [("labels.json", coco.text_of(labels()))],
        "yolo": yolo.files(labels()),
        "voc": voc.files(labels()),
    }
    for name, text in files[format]:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / ("labels.json" if format == "coco" else "labels")


def changed(path: Path, key: str, place: int, **values: Any) -> None:
    content = json.loads(path.read_text())
    content[key][place] |= values
    path.write_text(json.dumps(content))
