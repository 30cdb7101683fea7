"""Learning rates over time: the formulas of `recipe/schedule.py`."""

from __future__ import annotations

import math
from dataclasses import dataclass

from spectra.recipe.schedule import (
    CosineSettings,
    CycleGANSettings,
    HalvingSettings,
    LinearSettings,
    RampSettings,
    Schedule,
)


@dataclass(frozen=True)
class Position:
    """Where a player stands in its schedule: steps taken and all there are; epochs begun before, and all there are."""

    step: int
    steps: int
    epoch: int
    epochs: int


def rate(schedule: Schedule, initial: float, at: Position) -> float:
    """The learning rate of the next step."""
    settings = schedule.settings
    if isinstance(settings, CosineSettings):
        return _cosine(settings, initial, at)
    if isinstance(settings, LinearSettings):
        return _linear(settings, initial, at)
    if isinstance(settings, CycleGANSettings):
        return _cyclegan(settings, initial, at)
    if isinstance(settings, HalvingSettings):
        after = settings.after or [at.epochs * 3 // 4]
        return initial * settings.factor ** sum(at.epoch >= one for one in after)
    if isinstance(settings, RampSettings):
        return _warmed(initial, at.epoch, settings.warmup, at.steps)
    return initial


def _linear(settings: LinearSettings, initial: float, at: Position) -> float:
    """Subtracted epoch by epoch, as the official code does, so that the last digits are its own."""
    constant, decay = _spans(settings.constant, settings.decay, at.epochs)
    value = initial
    for _ in range(min(max(0, at.epoch - constant), decay)):
        value -= initial / decay
    return max(value, 0.0)


def _cyclegan(settings: CycleGANSettings, initial: float, at: Position) -> float:
    constant, decay = _spans(settings.constant, settings.decay, at.epochs)
    epoch = at.epoch + 1 + settings.early
    return initial * max(0.0, 1.0 - max(0, epoch - constant) / float(decay + 1))


def _spans(constant: int | None, decay: int | None, epochs: int) -> tuple[int, int]:
    """Epochs at the full rate, and epochs of decay: what is not said is what is left; nothing said: half each."""
    if constant is None:
        constant = max(epochs - decay, 0) if decay is not None else epochs - epochs // 2
    return constant, max(epochs - constant, 0) if decay is None else decay


def _cosine(settings: CosineSettings, initial: float, at: Position) -> float:
    share = _warmed(1.0, at.step, settings.warmup, at.steps)
    if at.step < settings.warmup:
        return initial * share
    return initial * (settings.floor + (1 - settings.floor) * share)


def _warmed(initial: float, step: int, warmup: int, steps: int) -> float:
    """Linearly up from 0, then half a cosine down."""
    if step < warmup:
        return initial * step / warmup
    progress = (step - warmup) / max(1, steps - warmup)
    return initial * max(0.0, 0.5 * (1.0 + math.cos(math.pi * min(progress, 1.0))))
