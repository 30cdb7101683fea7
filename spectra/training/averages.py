"""The exponential moving average of a player's weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor


class Average:
    """``average ← d·average + (1 - d)·weight`` after each step.

    At step n, d is (1 + n) / (10 + n), and at most ``decay``: a short training is not held back by the weights that it
    began with.
    """

    def __init__(self, parameters: Sequence[Tensor], decay: float) -> None:
        self.decay, self.steps = decay, 0
        self.parameters: list[Tensor] = []
        self.values: list[Tensor] = []
        self.grow(parameters)

    def grow(self, parameters: Sequence[Tensor]) -> None:
        """Follow these too, from what they are now."""
        known = {id(parameter) for parameter in self.parameters}
        for parameter in parameters:
            if id(parameter) not in known:
                self.parameters.append(parameter)
                self.values.append(parameter.detach().clone())

    @torch.no_grad()
    def update(self) -> None:
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        torch._foreach_lerp_(self.values, [parameter.detach() for parameter in self.parameters], 1 - decay)

    @torch.no_grad()
    def exchange(self) -> None:
        """The weights become the average, and the other way round."""
        for parameter, value in zip(self.parameters, self.values, strict=True):
            kept = parameter.detach().clone()
            parameter.copy_(value)
            value.copy_(kept)


@contextmanager
def averaged(averages: Sequence[Average]) -> Iterator[None]:
    """Within the block the weights are their averages."""
    for average in averages:
        average.exchange()
    try:
        yield
    finally:
        for average in averages:
            average.exchange()
