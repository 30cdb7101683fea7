"""Labels of one format for another: boxes, classes and what else both know. What is left out is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from spectra.labels.labels import Box, Image, Labels

SAID_BY_CROWD = {"voc": "difficult", "coco": "iscrowd"}


def converted(labels: Labels, before: str, after: str) -> tuple[Labels, list[str]]:
    """The labels in the terms of the format `after`, and what is to be said of what was left out."""
    if before == after:
        return labels, []
    images = {image.id: image for image in labels.images}
    left: Counter[str] = Counter()
    boxes = [_box(box, images[box.image], after, left) for box in labels.boxes if not (box.crowd and after == "yolo")]
    notes = [f"{after} has no place for {what} of {count} boxes: left out." for what, count in left.items()]
    notes += _of_crowds(labels, after)
    bare = [replace(image, extra={}) for image in labels.images]
    return Labels(bare, boxes, labels.classes, {}), notes


def _box(box: Box, image: Image, after: str, left: Counter[str]) -> Box:
    polygon = box.extra.get("polygon") if after == "coco" else None
    left.update(_unknown(box, polygon is not None))
    return replace(box, extra={"segmentation": [_pixels(polygon, image)]} if polygon else {})


def _pixels(polygon: Any, image: Image) -> list[float]:
    return [float(it) * (image.height if place % 2 else image.width) for place, it in enumerate(polygon)]


def _unknown(box: Box, polygon: bool) -> Iterator[str]:
    """What a box has besides, by name; not what is made anew, or says nothing."""
    for key, value in box.extra.items():
        if key == "nodes":
            yield from sorted({f"<{node.tag}>" for node in value})
        elif key not in ("id", "area") and value not in ([], None) and not (key == "polygon" and polygon):
            yield f"the {key}"


def _of_crowds(labels: Labels, after: str) -> list[str]:
    count = sum(box.crowd for box in labels.boxes)
    if not count:
        return []
    if after == "yolo":
        return [f"yolo cannot say that a box is a crowd or difficult: {count} such boxes were left out."]
    return [f"{count} boxes that are crowds or difficult are marked as {SAID_BY_CROWD[after]}."]
