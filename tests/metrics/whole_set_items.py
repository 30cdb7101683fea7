"""Images for metrics of whole sets, with torch-fidelity's network of random weights, or with one that is quick."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
import torch_fidelity
from torch import Tensor
from torch.nn import functional

from spectra import weights
from spectra.metric import Memory, Metric, Scored
from spectra.metrics.distribution import inception
from spectra.metrics.distribution.inception import inception_passes
from spectra.metrics.distribution.passes import Passes
from spectra.modalities import Scale
from tests.nn.inception_weights import random_inception

PACKAGE: Any = torch_fidelity


@pytest.fixture
def random_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """For one test: networks that others have made are forgotten before and after."""
    monkeypatch.setattr(weights, "load", lambda name: random_inception())
    inception_passes.cache_clear()
    yield
    inception_passes.cache_clear()


@pytest.fixture
def quick_network(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Twelve features: means and deviations over six fields. Returns the sizes of the passes, as they happen."""
    sizes: list[int] = []

    def features(images: Tensor) -> Tensor:
        sizes.append(len(images))
        fields = images.unfold(2, 4, 4).flatten(3)
        return torch.stack([fields.mean(3), fields.std(3)], 1).flatten(1)

    def prepare(image: Tensor) -> Tensor:
        return functional.interpolate(image[None].float(), (8, 9))[0]

    passes = Passes(features, prepare, "cpu")
    monkeypatch.setattr(inception, "inception_passes", lambda width, device: passes)
    return sizes


def images(count: int, seed: int = 0, channels: int = 3, side: int = 40, noise: float = 0.1) -> list[Scored]:
    """Smooth targets on 8-bit levels, and predictions that are darker, with noise."""
    random = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, channels, 6, 6, generator=random)
    targets = functional.interpolate(coarse, (side, side + 7), mode="bilinear")
    predictions = 0.9 * targets + noise * torch.randn(targets.shape, generator=random)
    return [
        item(level(prediction), level(target), name=f"image{number:03d}")
        for number, (prediction, target) in enumerate(zip(predictions, targets, strict=True))
    ]


def level(image: Tensor) -> Tensor:
    return (image.clamp(0, 1) * 255).round() / 255


def item(
    prediction: Tensor, target: Tensor, valid: Tensor | None = None, name: str = "a", memory: Memory | None = None
) -> Scored:
    return Scored(prediction, target, target, name, "", Scale(0, 255), valid, None, memory or Memory())


def fed(kind: type[Metric], items: list[Scored], **settings: Any) -> Any:
    found = kind(kind.Settings(**settings))
    for one in items:
        assert found.update(one) is None
    return found


def write(folder: Path, pictures: list[Tensor]) -> Path:
    folder.mkdir()
    for number, picture in enumerate(pictures):
        pixels = (picture * 255).round().byte().permute(1, 2, 0).numpy()
        assert cv2.imwrite(str(folder / f"{number:04d}.png"), np.ascontiguousarray(pixels[..., ::-1]))
    return folder


@contextmanager
def weights_file(folder: Path) -> Iterator[str]:
    path = folder / "random.pth"
    torch.save(random_inception(), path)
    yield str(path)
    path.unlink()


def torch_fidelity_of(folder: Path, items: list[Scored], width: int, **settings: Any) -> dict[str, float]:
    """FID and KID of images as torch-fidelity reads them from two folders."""
    folders = {
        "input1": str(write(folder / "predictions", [one.prediction for one in items])),
        "input2": str(write(folder / "targets", [one.target for one in items])),
    }
    layers = {"feature_layer_fid": str(width), "feature_layer_kid": str(width)}
    quiet = {"cuda": False, "verbose": False, "save_cpu_ram": True, "cache": False, "batch_size": 5}
    with weights_file(folder) as path:
        found: dict[str, float] = PACKAGE.calculate_metrics(
            **folders, **layers, **quiet, **settings, fid=True, kid=True, feature_extractor_weights_path=path
        )
    return found
