"""Labels of images that were resized."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

from spectra.labels import rle
from spectra.labels.faults import Faults, number
from spectra.labels.labels import Box, Image, Labels
from spectra.labels.xml_tree import Node

Factors = tuple[float, float]
"""Across and down."""
ACROSS, DOWN = {"x", "xmin", "xmax"}, {"y", "ymin", "ymax"}


def resized(labels: Labels, sizes: Mapping[int, tuple[int, int]], path: Path, faults: Faults) -> Labels:
    """The labels for images that are brought to new sizes, (height, width) by the id of the image."""
    images = {image.id: image for image in labels.images}
    boxes: list[Box] = []
    for box in labels.boxes:
        height, width = sizes[box.image]
        before = images[box.image]
        if (height, width) == (before.height, before.width):
            boxes.append(box)
            continue
        try:
            boxes.append(_box(box, (width / before.width, height / before.height), (height, width)))
        except ValueError as why:
            faults.add(path, f"a box of {before.file!r} (id {box.extra.get('id', 'unknown')})", str(why))
    return replace(labels, images=[_image(image, sizes[image.id]) for image in labels.images], boxes=boxes)


def _image(image: Image, size: tuple[int, int]) -> Image:
    return replace(image, height=size[0], width=size[1])


def _box(box: Box, factors: Factors, size: tuple[int, int]) -> Box:
    across, down = factors
    extra = {key: _extra(key, value, factors, size) for key, value in box.extra.items()}
    left, top, width, height = box.left * across, box.top * down, box.width * across, box.height * down
    return replace(box, left=left, top=top, width=width, height=height, extra=extra)


def _extra(key: str, value: Any, factors: Factors, size: tuple[int, int]) -> Any:
    """COCO's in pixels, and VOC's nodes; YOLO's are relative to the size."""
    if key == "area" and number(value):
        return value * factors[0] * factors[1]
    if key == "segmentation":
        return rle.resized(value, *size) if isinstance(value, dict) else _polygons(value, factors)
    if key == "keypoints" and isinstance(value, list):
        return _keypoints(value, factors)
    return [_node(node, factors) for node in value] if key == "nodes" else value


def _polygons(value: Any, factors: Factors) -> list[list[float]]:
    if not isinstance(value, list) or not all(isinstance(one, list) and all(map(number, one)) for one in value):
        raise ValueError("its segmentation is neither polygons nor a mask of runs, and cannot be resized")
    return [[side * factors[place % 2] for place, side in enumerate(polygon)] for polygon in value]


def _keypoints(value: list[Any], factors: Factors) -> list[Any]:
    """Three numbers each: across, down, and whether it is in sight."""
    if len(value) % 3 or not all(map(number, value)):
        raise ValueError("its keypoints are not three numbers each, and cannot be resized")
    return [it if place % 3 == 2 else it * factors[place % 3] for place, it in enumerate(value)]


def _node(node: Node, factors: Factors) -> Node:
    """With the edges of the parts that lie inside it, and the points."""
    changed = deepcopy(node)
    for one in changed.walk():
        factor = factors[0] if one.tag in ACROSS else factors[1] if one.tag in DOWN else None
        if factor is not None and not one.children:
            one.text = repr(_edge(one, factor))
    return changed


def _edge(node: Node, factor: float) -> float:
    """VOC's first pixel is 1, and the last one is inside: the edges of a box are at min - 1 and max."""
    first = 1 if node.tag in ("xmin", "ymin") else 0
    try:
        return (float(node.text) - first) * factor + first
    except ValueError:
        raise ValueError(f"<{node.tag}> must hold a number, not {node.text!r}") from None
