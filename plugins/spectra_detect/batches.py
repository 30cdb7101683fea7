"""What an arm is fed: images drawn from its sets, step by step, from the seed alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from spectra_detect.images import Found, LabelledImages
from spectra_detect.settings import LearningSettings


@dataclass(frozen=True)
class Example:
    """One image, ``(3, h, w)`` in [0, 1], with what is to be found on it, and where it comes from."""

    image: Tensor
    found: Found
    split: str
    file: str


class Batches:
    """``shares`` says how many images of each split are in a batch."""

    def __init__(
        self, sets: Mapping[str, LabelledImages], shares: Mapping[str, int], settings: LearningSettings, key: list[int]
    ) -> None:
        self.sets, self.shares, self.settings, self.key = sets, shares, settings, key

    def at(self, step: int) -> list[Example]:
        """The batch of a step: the same whatever was asked for before."""
        random = np.random.default_rng([*self.key, step])
        return [
            self._example(split, int(random.integers(len(self.sets[split]))), random)
            for split, count in self.shares.items()
            for _ in range(count)
        ]

    def _example(self, split: str, place: int, random: np.random.Generator) -> Example:
        images = self.sets[split]
        found, image = images.found[place], images.pixels(place).float() / 255
        mirrored, light = random.random() < 0.5, random.uniform(-1.0, 1.0)
        if self.settings.flip and mirrored:
            image, found = image.flip(2), flipped(found, image.shape[2])
        image = (image * (1 + self.settings.light * light)).clamp(0, 1)
        return Example(image, found, split, images.images[place].file)


def flipped(found: Found, width: int) -> Found:
    """Left and right change places."""
    left, top, right, bottom = found.boxes.unbind(1)
    return Found(torch.stack([width - right, top, width - left, bottom], 1), found.classes, found.ignored)


def shares_of(splits: tuple[str, ...], settings: LearningSettings) -> dict[str, int]:
    """How a batch is shared out: the first split has ``real_share`` of it where there are two, at least one image."""
    if len(splits) == 1:
        return {splits[0]: settings.batch_size}
    real = min(max(1, round(settings.batch_size * settings.real_share)), settings.batch_size - 1)
    return {splits[0]: real, splits[1]: settings.batch_size - real}


def target_of(example: Example) -> dict[str, Tensor]:
    """As torchvision's detectors want it. What is ignored is not learned from."""
    kept = ~example.found.ignored
    return {"boxes": example.found.boxes[kept], "labels": example.found.classes[kept]}
