"""The built-in scenes as a folder of images with COCO labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from spectra.data.images import write_image
from spectra.data.scenes import Scene, scene
from spectra.errors import DataError
from spectra.labels import coco
from spectra.labels.labels import Box, Image, Labels

CLASSES = ("building", "bus", "car", "person", "tree", "truck")
"""All that the scenes draw as instances, whether or not one is in sight."""


def write_scenes(
    out: Path,
    modality: str,
    count: int,
    *,
    first: int = 0,
    seed: int = 0,
    size: int | tuple[int, int] = 256,
    view: str = "street",
    bits: int = 8,
    smallest: float = 0,
    classes: Sequence[str] = CLASSES,
) -> Labels:
    """Write `count` scenes, from the number `first` on, into the new folder `out`: ``images/`` and ``labels.json``.

    `modality` is what the images show; the same scenes have the same labels in every modality. Boxes with a side below
    `smallest` pixels, and those of other classes than `classes`, are left out.
    """
    out = Path(out)
    if out.exists() and any(out.iterdir()):
        raise DataError(f"The folder {str(out)!r} is not empty, and nothing is written over: choose another.")
    (out / "images").mkdir(parents=True, exist_ok=True)
    shown = (scene(seed, index, size, view) for index in range(first, first + count))
    images, boxes = [], []
    for number, one in enumerate(shown, start=1):
        image = Image(number, f"{one.name}.png", *one.materials.shape[::-1])
        write_image(out / "images" / image.file, one.image(modality, bits))
        images.append(image)
        boxes += [box for box in boxes_of(one, number, smallest) if box.name in classes]
    labels = Labels(images, boxes, tuple(classes))
    coco.write(labels, out / "labels.json")
    return labels


def boxes_of(shown: Scene, image: int, smallest: float = 0) -> list[Box]:
    """What is in sight in a scene, as boxes of the image with that id."""
    found = (Box(image, it.label, it.left, it.top, it.right - it.left, it.bottom - it.top) for it in shown.boxes)
    return [box for box in found if min(box.width, box.height) >= smallest]
