"""What a detector finds on a set of images, as COCO writes results down."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from spectra_detect.images import LabelledImages

if TYPE_CHECKING:
    from torchvision.models.detection import FCOS

Told = Callable[[int, int], None]
Detection = dict[str, Any]


@torch.no_grad()
def detect(network: FCOS, images: LabelledImages, told: Told) -> list[Detection]:
    """One image after the other; ``image_id`` is the id in the labels, ``category_id`` the number of the class."""
    network.eval()
    found: list[Detection] = []
    device = next(network.parameters()).device
    for place, image in enumerate(images.images):
        (answer,) = network([images.pixels(place).to(device).float() / 255])
        rows = zip(answer["boxes"].tolist(), answer["scores"].tolist(), answer["labels"].tolist(), strict=True)
        for (left, top, right, bottom), score, label in rows:
            if label == 0:  # torchvision's FCOS has a column for the background too, which nothing is ever taught
                continue
            box = [left, top, right - left, bottom - top]
            found.append({"image_id": image.id, "category_id": label, "bbox": box, "score": score})
        told(place + 1, len(images))
    return found
