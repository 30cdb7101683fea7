"""Made-up pictures, and augmentations written as a recipe writes them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import torch
from torch import Tensor

from spectra.data.augment import Augmentation, Plan
from spectra.data.pairs import Pair, Picture
from spectra.modalities import Scale
from spectra.recipe.train import TrainSettings

UNIT = Scale(0, 1, "1")


def said(*entries: Any) -> TrainSettings:
    return TrainSettings.model_validate_json(json.dumps({"augment": entries}), strict=True)


def augmentation(*entries: Any, crop: int | None = None) -> Augmentation:
    return Augmentation(said(*entries).augment, crop)


def random(*seed: int) -> np.random.Generator:
    return np.random.default_rng([*seed, 1])


def noise(bands: int, height: int, width: int, seed: int = 0) -> Tensor:
    """Values from -2 to 3: beyond the scale on both sides."""
    drawn = np.random.default_rng(seed).uniform(-2, 3, (bands, height, width))
    return torch.from_numpy(drawn.astype(np.float32))


def ramp(height: int, width: int) -> Tensor:
    """Each pixel says where it lies, exact in float32."""
    return torch.arange(height * width, dtype=torch.float32).view(1, height, width)


def picture(pixels: Tensor, valid: Tensor | None = None) -> Picture:
    return Picture(pixels, UNIT, "float32", valid)


def pair(source: Tensor, target: Tensor, valid: Tensor | None = None) -> Pair:
    return Pair("made", "made", picture(source, valid), picture(target, valid))


def plan(size: tuple[int, int], *entries: Any, crop: int | None = None, seed: int = 0) -> Plan:
    return augmentation(*entries, crop=crop).draw(size, random(seed))


def cut(image: Tensor, made: Plan) -> Tensor:
    top, left, height, width = made.window
    return image[..., top : top + height, left : left + width]


def applied(image: Tensor, *entries: Any, crop: int | None = None, seed: int = 0) -> Tensor:
    """The source after all operations."""
    made = plan((image.shape[-2], image.shape[-1]), *entries, crop=crop, seed=seed)
    return made.picture(picture(cut(image, made)), "source").pixels
