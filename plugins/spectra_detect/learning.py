"""How a detector learns: AdamW, a rate that rises and then falls along a cosine."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import nn

from spectra import SpectraError
from spectra_detect.batches import Batches, target_of
from spectra_detect.settings import LearningSettings

if TYPE_CHECKING:
    from torchvision.models.detection import FCOS

Told = Callable[[int, int], None]
REMEMBERED = 50


def rate_at(step: int, steps: int, peak: float, warm_up: float) -> float:
    """Up in a straight line, down along a half cosine to nearly nothing."""
    rising = round(steps * warm_up)
    if step < rising:
        return peak * (step + 1) / rising
    return peak * 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, steps - rising)))


def learn(network: FCOS, batches: Batches, steps: int, peak: float, settings: LearningSettings, told: Told) -> float:
    """Take the steps; the mean loss of the last ones."""
    network.train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=peak, weight_decay=settings.decay)
    last: list[float] = []
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = rate_at(step, steps, peak, settings.warm_up)
        last = [*last, _step(network, optimizer, batches, step, settings.clip)][-REMEMBERED:]
        told(step + 1, steps)
    network.eval()
    return sum(last) / len(last)


def _step(network: FCOS, optimizer: torch.optim.Optimizer, batches: Batches, step: int, clip: float) -> float:
    examples, device = batches.at(step), next(network.parameters()).device
    targets = [{name: tensor.to(device) for name, tensor in target_of(example).items()} for example in examples]
    terms = network([example.image.to(device) for example in examples], targets)
    loss = torch.stack(list(terms.values())).sum()
    value = float(loss.detach())
    if not math.isfinite(value):
        raise SpectraError(
            f"The detector's loss is {value} at step {step + 1}: lower learning.rate or learning.tune_rate."
        )
    optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward([loss])
    nn.utils.clip_grad_norm_(network.parameters(), clip)
    optimizer.step()
    return value
