"""Items for metrics with a network, whose weights are random, and the packages with the same weights."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional
from torchmetrics.functional.image import dists as package

from spectra import weights
from spectra.metric import Memory, Metric, Scored
from spectra.metrics.dists import dists_scorer
from spectra.metrics.lpips import lpips_scorer
from spectra.modalities import Scale
from tests.losses.random_weights import random_features, random_state, use_random_weights

REFERENCE: Any = package  # of which mypy knows no attributes


@cache
def random_shares() -> dict[str, Tensor]:
    """As the file of DISTS has them; alpha and beta differ in size."""
    random = torch.Generator().manual_seed(2)
    return {
        "alpha": 0.01 * torch.rand(1, 1475, 1, 1, generator=random),
        "beta": 0.03 * torch.rand(1, 1475, 1, 1, generator=random),
    }


def use_random_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """For one test: networks that others have made are forgotten before and after."""
    use_random_weights(monkeypatch)
    monkeypatch.setattr(weights, "load", lambda name: dict(random_shares() if name == "dists" else random_state(name)))
    forget()


def forget() -> None:
    lpips_scorer.cache_clear()
    dists_scorer.cache_clear()


@cache
def reference_dists(dtype: torch.dtype = torch.float32) -> Any:
    """torchmetrics' network, of which the features are replaced where it would fetch them."""

    class Vgg:
        features = copy.deepcopy(random_features("vgg16"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(REFERENCE, "vgg16", lambda weights: Vgg)
        network = REFERENCE.DISTSNetwork(load_weights=False)
    network.load_state_dict(network.state_dict() | random_shares())
    return network.to(dtype).eval().requires_grad_(False)


def images(seed: int = 0, channels: int = 3, height: int = 64, width: int = 72) -> tuple[Tensor, Tensor]:
    """A noisy prediction and a smooth target, ``(c, h, w)`` on 8-bit levels; channels differ."""
    random = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, channels, 2 + height // 8, 2 + width // 8, generator=random)
    target = functional.interpolate(coarse, (height, width), mode="bicubic")[0]
    target = target * torch.linspace(1, 0.4, channels).view(-1, 1, 1)
    prediction = 0.9 * target + 0.08 * torch.randn(target.shape, generator=random)
    first, second = ((image.clamp(0, 1) * 255).round() / 255 for image in (prediction, target))
    return first, second


def item(
    prediction: Tensor,
    target: Tensor,
    valid: Tensor | None = None,
    memory: Memory | None = None,
    name: str = "a",
    group: str = "",
) -> Scored:
    memory = Memory() if memory is None else memory
    return Scored(prediction, target, target, name, group, Scale(0, 255, "DN"), valid, None, memory)


def metric(kind: type[Metric], **settings: Any) -> Metric:
    return kind(kind.Settings(**settings))


def value(kind: type[Metric], scored: Scored, **settings: Any) -> float:
    judge = metric(kind, **settings)
    found = judge.update(scored)
    assert found is not None, judge.result().reason
    return found
