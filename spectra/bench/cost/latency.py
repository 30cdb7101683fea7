"""How long a call takes, from a call that finds all idle to the moment at which its result is there."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

Work = Callable[[], object]


@dataclass(frozen=True)
class Patience:
    """When there have been calls enough."""

    seconds: float = 5.0
    calls: int = 20
    least: int = 5
    """So many are timed, however long they take."""
    warm_calls: int = 3
    warm_seconds: float = 0.5

    def warm(self, calls: int, spent: float) -> bool:
        return calls >= self.warm_calls and spent >= self.warm_seconds

    def enough(self, calls: int, spent: float) -> bool:
        """A fast model is timed on for a tenth of the seconds: its figures are as steady as those of a slow one."""
        many = calls >= self.calls and spent >= self.seconds / 10
        return calls >= self.least and (many or spent >= self.seconds)


@dataclass(frozen=True)
class Stopwatch:
    """Times one call on a device, which works on after a call has returned."""

    device: torch.device
    clock: Callable[[], float] = time.perf_counter

    def time(self, work: Work) -> float:
        synchronise(self.device)
        began = self.clock()
        work()
        synchronise(self.device)
        return self.clock() - began


def synchronise(device: torch.device) -> None:
    """Wait until the device has done all that it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def timed(work: Work, stopwatch: Stopwatch, patience: Patience) -> list[float]:
    """Seconds of each call after the warm-up."""
    calls, spent = 0, 0.0
    while not patience.warm(calls, spent):
        calls, spent = calls + 1, spent + stopwatch.time(work)
    taken: list[float] = []
    while not patience.enough(len(taken), sum(taken)):
        taken.append(stopwatch.time(work))
    return taken


def percentile(values: Sequence[float], percent: float) -> float:
    """Between two values where it lies between them."""
    return float(np.percentile(values, percent))
