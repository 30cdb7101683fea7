"""Generated images beside real ones, in one set of labels."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from spectra.labels.labels import Box, Image, Labels


def mixed(real: Labels, generated: Labels) -> tuple[Labels, list[str]]:
    """Both, in the terms of COCO. Ids and categories of the real ones stay; other changes are told."""
    notes: list[str] = []
    images, boxes = generated.images, generated.boxes
    if {image.id for image in images} & {image.id for image in real.images}:
        step = max(image.id for image in real.images)
        images = [replace(image, id=image.id + step) for image in images]
        boxes = [replace(box, image=box.image + step) for box in boxes]
        notes.append(f"Ids of generated images were those of real ones: {step} was added to all of the generated.")
    if generated.extra.get("licenses") != real.extra.get("licenses"):
        images = [_without(image, "license") for image in images]
        notes.append("The licences of the generated images' sources are not those of the real ones, and were left out.")
    classes = tuple(dict.fromkeys([*real.classes, *generated.classes]))
    extra = {**real.extra, "categories": _categories(real, generated)}
    return Labels([*real.images, *images], [*real.boxes, *_renumbered(real, boxes)], classes, extra), notes


def seen_from(labels: Labels, folder: Path, place: Path) -> Labels:
    """The same images below `folder`, their paths written as seen from `place`."""
    way = Path(os.path.relpath(folder.resolve(), place.resolve()))
    return replace(labels, images=[replace(image, file=(way / image.file).as_posix()) for image in labels.images])


def _without(image: Image, key: str) -> Image:
    return replace(image, extra={name: value for name, value in image.extra.items() if name != key})


def _renumbered(real: Labels, boxes: list[Box]) -> Iterator[Box]:
    """Boxes that count on behind the real ones."""
    own = [box.extra["id"] for box in real.boxes if "id" in box.extra]
    first = max([*own, len(real.boxes)]) + 1
    for place, box in enumerate(boxes, start=first):
        yield replace(box, extra={**box.extra, "id": place})


def _categories(real: Labels, generated: Labels) -> dict[str, Any]:
    known = dict(real.extra.get("categories", {}))
    taken = {entry.get("id") for entry in known.values()}
    for name, entry in generated.extra.get("categories", {}).items():
        if name not in known:
            known[name] = {key: value for key, value in entry.items() if key != "id" or value not in taken}
    return known
