"""The small GAN, learning on a device of choice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from spectra.errors import Stopped
from spectra.testing.made import MadePairs
from spectra.training.feed import PairFeed
from spectra.training.memory import tensors_of
from spectra.training.progress import Watcher
from spectra.training.trainer import Trainer
from tests.training.small_gan import SIDE, TASK, settings_of, trainer_of
from tests.training.stopper import Stopper

DEVICE = "cuda"
GENTLE: dict[str, Any] = {"optimizer": "sgd", "betas": [0.9, 0.0]}
"""Steps as large as gradients are: two devices that differ in rounding stay together, where Adam would part them."""


def trainer_on(
    device: str,
    folder: Path | None = None,
    watchers: list[Watcher] | None = None,
    plain: bool = False,
    **said: Any,
) -> Trainer:
    """A trainer of a gan of always the same weights, which lie on the device."""
    trainer = trainer_of(settings_of(**said), folder, watchers, plain=plain)
    trainer.translator.to(device)
    trainer.device = torch.device(device)
    return trainer


def learned(trainer: Trainer) -> dict[str, Tensor]:
    """All that was learned, once it has ended, on the CPU."""
    batch_size = trainer.settings.batch_size
    trainer.train(PairFeed(MadePairs(TASK, SIDE), TASK, batch_size, None, 3, trainer.device))
    stages = {id(stage): stage for terms in trainer.terms.values() for stage, _ in terms}.values()
    found = tensors_of(trainer.translator, sorted(stages, key=lambda stage: stage.name))
    return {name: tensor.detach().cpu().clone() for name, tensor in found.items()}


def stopped(device: str, folder: Path, after: int, plain: bool = False, **said: Any) -> None:
    """Training that is stopped after so many steps of all, and saved."""
    try:
        learned(trainer_on(device, folder, [Stopper(after)], plain, **said))
    except Stopped:
        return
    raise AssertionError("it was not stopped")


def furthest(one: dict[str, Tensor], other: dict[str, Tensor]) -> float:
    """The largest difference between two that were learned."""
    assert one.keys() == other.keys()
    return max((one[name].double() - other[name].double()).abs().max().item() for name in one)
