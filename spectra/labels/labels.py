"""What stands on the images of a set: boxes with the names of their classes, whatever the format of the file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Image:
    id: int
    file: str
    """Its path below the folder of the images, with forward slashes."""
    width: int
    height: int
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """What the format says of it besides, in the terms of that format."""


@dataclass(frozen=True)
class Box:
    """In pixels; the first pixel reaches from 0 to 1, so that a box of the whole image is (0, 0, width, height)."""

    image: int
    """The id of its image."""
    name: str
    """Of its class."""
    left: float
    top: float
    width: float
    height: float
    crowd: bool = False
    """Not one thing to be found: a group (COCO's ``iscrowd``), or one too hard to see (VOC's ``difficult``)."""
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """Segmentations, keypoints and whatever the format says of it besides, in the terms of that format."""


@dataclass(frozen=True)
class Labels:
    """Images, boxes, and the names of all classes, those without a box too."""

    images: list[Image]
    boxes: list[Box]
    classes: tuple[str, ...]
    extra: Mapping[str, Any] = field(default_factory=dict)
    """What the format says of the set and of its classes besides."""

    def counts(self) -> dict[str, int]:
        """Boxes of each class, in the order of the classes."""
        found = Counter(box.name for box in self.boxes)
        return {name: found[name] for name in self.classes}

    def of_images(self, ids: set[int]) -> Labels:
        """Only what stands on these images; all classes stay."""
        return Labels(
            [image for image in self.images if image.id in ids],
            [box for box in self.boxes if box.image in ids],
            self.classes,
            self.extra,
        )
