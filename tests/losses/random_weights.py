"""What `spectra.weights` would load, with random numbers in place of what was learned."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torchvision import models

from spectra import weights

CONSTRUCTORS: dict[str, Callable[..., nn.Module]] = {
    "vgg16": models.vgg16,
    "vgg19": models.vgg19,
    "alexnet": models.alexnet,
    "squeezenet1_1": models.squeezenet1_1,
}
WIDTHS = {
    "lpips_vgg": (64, 128, 256, 512, 512),
    "lpips_alex": (64, 192, 384, 256, 256),
    "lpips_squeeze": (64, 128, 256, 384, 384, 512, 512),
}


@cache
def random_features(name: str) -> nn.Sequential:
    """torchvision's own; its classifier, most of the numbers, is never made."""
    with torch.device("meta"):
        features = CONSTRUCTORS[name](weights=None).features
    assert isinstance(features, nn.Sequential)
    features.to_empty(device="cpu")
    random = torch.Generator().manual_seed(0)
    for key, parameter in features.named_parameters():
        if key.endswith("bias"):
            nn.init.normal_(parameter, std=0.05, generator=random)
        else:
            nn.init.kaiming_normal_(parameter, generator=random)
    return features.eval().requires_grad_(False)


@cache
def random_state(name: str) -> dict[str, Tensor]:
    if name in CONSTRUCTORS:
        features = random_features(name).state_dict(prefix="features.")
        return {**features, "classifier.0.weight": torch.zeros(1)}
    random = torch.Generator().manual_seed(1)
    return {
        f"lin{place}.model.1.weight": torch.rand(1, width, 1, 1, generator=random)
        for place, width in enumerate(WIDTHS[name])
    }


def use_random_weights(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Returns the names of those that are asked for, as they are."""
    asked: list[str] = []

    def load(name: str) -> dict[str, Tensor]:
        asked.append(name)
        return dict(random_state(name))

    monkeypatch.setattr(weights, "load", load)
    monkeypatch.setattr(weights, "find", Path)
    return asked


def pair(
    channels: int = 3, side: int = 64, count: int = 2, dtype: torch.dtype = torch.float32
) -> tuple[Tensor, Tensor]:
    """A smooth target, and a noisy prediction that leaves the unit interval."""
    random = torch.Generator().manual_seed(channels)
    coarse = torch.rand(count, channels, side // 8, side // 8, generator=random)
    target = nn.functional.interpolate(coarse, (side, side), mode="bicubic").clamp(0, 1)
    prediction = target + 0.2 * torch.randn(target.shape, generator=random)
    return prediction.to(dtype), target.to(dtype)
