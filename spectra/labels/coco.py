"""Labels as COCO keeps them: one JSON file with images, categories and annotations."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spectra.data.atomic import write_text
from spectra.errors import DataError
from spectra.labels.coco_reading import Reading
from spectra.labels.faults import Faults
from spectra.labels.labels import Box, Image, Labels

NAME = "coco"


def read(path: Path, faults: Faults | None = None) -> Labels:
    """The labels of a COCO file. All faults are raised together, or told to `faults` where that is given.

    Segmentations, keypoints and keys that nobody here knows stay in `extra`, as they are.
    """
    ours = Faults() if faults is None else faults
    labels = Reading(path, ours).labels()
    if faults is None:
        ours.require_none()
    return labels


def write(labels: Labels, path: Path) -> None:
    """Write a COCO file, whole or not at all; what stands there is replaced."""
    path = Path(path)
    try:
        write_text(path, text_of(labels))
    except OSError as why:
        raise DataError(f"The labels {str(path)!r} cannot be written: {why.strerror}.") from None


def text_of(labels: Labels) -> str:
    ids = category_ids(labels)
    free = iter(_free({box.extra["id"] for box in labels.boxes if "id" in box.extra}, len(labels.boxes)))
    head = {key: value for key, value in labels.extra.items() if key != "categories"}
    content = {
        **head,
        "images": [_image(image) for image in labels.images],
        "annotations": [_annotation(box, ids[box.name], free) for box in labels.boxes],
        "categories": [{**_known(labels, name), "id": ids[name], "name": name} for name in labels.classes],
    }
    return json.dumps(content, allow_nan=False) + "\n"


def category_ids(labels: Labels) -> dict[str, int]:
    """Those that the file had; others count on from 1, leaving out those that are taken."""
    known = {name: _known(labels, name)["id"] for name in labels.classes if "id" in _known(labels, name)}
    free = iter(_free(set(known.values()), len(labels.classes)))
    return {name: known[name] if name in known else next(free) for name in labels.classes}


def _known(labels: Labels, name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = labels.extra.get("categories", {}).get(name, {})
    return found


def _image(image: Image) -> dict[str, Any]:
    return {"id": image.id, "file_name": image.file, "width": image.width, "height": image.height, **image.extra}


def _annotation(box: Box, category: int, free: Any) -> dict[str, Any]:
    own = box.extra.get("id")
    head = {"id": next(free) if own is None else own, "image_id": box.image, "category_id": category}
    place = {"bbox": [box.left, box.top, box.width, box.height], "area": box.width * box.height}
    return {**head, **place, "iscrowd": int(box.crowd), **{key: it for key, it in box.extra.items() if key != "id"}}


def _free(taken: set[int], count: int) -> list[int]:
    """The first numbers from 1 that are not taken."""
    return [number for number in range(1, count + len(taken) + 1) if number not in taken][:count]
