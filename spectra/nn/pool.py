"""The image pool of Shrivastava et al. (2017) as CycleGAN uses it: discriminators also see fakes of earlier steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


class ImagePool:
    """Until it is full, an image is stored and returned. From then on, with equal chance, it is returned untouched, or
    a random stored image is returned and the new one takes its place. Draws come from torch's CPU generator."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.images: list[Tensor] = []

    def __call__(self, batch: Tensor) -> Tensor:
        if self.size == 0:
            return batch.detach()
        return torch.stack([self._exchange(image) for image in batch.detach()])

    def _exchange(self, image: Tensor) -> Tensor:
        if len(self.images) < self.size:
            self.images.append(image.clone())
            return image
        if torch.rand(()) < 0.5:
            return image
        place = int(torch.randint(self.size, ()))
        stored, self.images[place] = self.images[place], image.clone()
        return stored.to(image.device)

    def state(self) -> dict[str, Any]:
        """What it holds, for a stage's ``state()``."""
        return {"images": list(self.images)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take back what ``state`` gave, as far as there is room for it."""
        self.images = list(state["images"])[: self.size]
