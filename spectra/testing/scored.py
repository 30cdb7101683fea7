"""Made-up predictions with their targets: what metrics are checked with."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from spectra.metric import Scored
from spectra.modalities import Scale, Task
from spectra.testing.made import made_images, quarter_mask

COUNT = 4
BYTE = Scale(0, 255, "DN")
NOISE = 0.1


@dataclass(frozen=True)
class Scene:
    """What is translated into what, on images of which side."""

    task: str
    side: int

    def items(self, **how: float | bool | None) -> list[Scored]:
        return [self.item(place, **how) for place in range(COUNT)]  # type: ignore[arg-type]

    def item(
        self, place: int, *, noise: float = NOISE, copied: bool = False, under_mask: float | None = None
    ) -> Scored:
        """The later the image, the worse the prediction; a copied one shows the source."""
        task, side = Task.parse(self.task), self.side
        target = made_images(task.target.channels, side, side, seed=place)[0]
        source = made_images(task.source.channels, side, side, seed=100 + place)[0]
        rough = target + noise * (1 + place) * (made_images(len(target), side, side, seed=50 + place)[0] - 0.4)
        seen = source.mean(0, keepdim=True).expand_as(target) if copied else rough
        prediction = (seen * 255).round().clamp(0, 255) / 255
        valid = None if under_mask is None else quarter_mask(side, side)
        if valid is not None and under_mask is not None:
            prediction = torch.where(valid, prediction, 0.5 * under_mask)
            target, source = torch.where(valid, target, under_mask), torch.where(valid, source, under_mask)
        return Scored(prediction, target, source, f"made_{place}", f"group_{place}", BYTE, valid, task)


SCENES = (Scene("rgb2nir", 64), Scene("nir2rgb", 64), Scene("rgb2nir", 192), Scene("nir2rgb", 192))
"""Tried in turn: one metric needs several bands, another large images."""
