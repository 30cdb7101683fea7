"""The four ways from the channels to one grey: each knows its formula and how it is fitted."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from spectra_graydef.clipped import affine_least_squares, clips, descend, try_affine, try_channels
from spectra_graydef.levels import BINS, Levels

if TYPE_CHECKING:
    from spectra import Pair


class Curve(nn.Module, ABC):
    """Starts as the plain mean of the channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    @abstractmethod
    def forward(self, source: Tensor) -> Tensor: ...

    @abstractmethod
    def fit(self, pairs: Iterable[Pair], levels: Levels, factor: float) -> dict[str, Any]:
        """Learn; return what it found. ``factor`` is the best plain factor, or the one that was given."""


class Factor(Curve):
    """clip(f·A, 0, 1), as in the paper."""

    weight: Tensor

    def __init__(self, channels: int, factor: float = 1.0) -> None:
        super().__init__(channels)
        self.register_buffer("weight", torch.tensor(factor / channels))

    def forward(self, source: Tensor) -> Tensor:
        return channel_sum(source).mul_(self.weight).clamp_(0, 1)

    def fit(self, pairs: Iterable[Pair], levels: Levels, factor: float) -> dict[str, Any]:
        self.weight.fill_(factor / self.channels)
        return factor_report(levels, factor)


class Affine(Curve):
    """clip(a·A + b, 0, 1)."""

    weight: Tensor
    bias: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__(channels)
        self.register_buffer("weight", torch.tensor(1 / channels))
        self.register_buffer("bias", torch.tensor(0.0))

    def forward(self, source: Tensor) -> Tensor:
        return channel_sum(source).mul_(self.weight).add_(self.bias).clamp_(0, 1)

    def fit(self, pairs: Iterable[Pair], levels: Levels, factor: float) -> dict[str, Any]:
        everywhere = affine_least_squares(levels, levels.count > 0)
        found = descend(partial(try_affine, levels), [everywhere, np.array([factor, 0.0])])
        slope, bias = map(float, found.parameters)
        self.weight.fill_(slope / self.channels)
        self.bias.fill_(bias)
        return {"slope": slope, "bias": bias, "loss": found.loss, "saturated": found.saturated}


class Channels(Curve):
    """clip(Σ w·channel, 0, 1)."""

    weights: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__(channels)
        self.register_buffer("weights", torch.full((channels,), 1 / channels))

    def forward(self, source: Tensor) -> Tensor:
        gray = source[:, :1] * self.weights[0]
        for channel in range(1, self.channels):
            gray.addcmul_(source[:, channel : channel + 1], self.weights[channel])
        return gray.clamp_(0, 1)

    def fit(self, pairs: Iterable[Pair], levels: Levels, factor: float) -> dict[str, Any]:
        even = np.full(self.channels, factor / self.channels)
        everywhere = try_channels(pairs, even, keep_clipped=True).again
        found = descend(partial(try_channels, pairs), [everywhere, even])
        self.weights.copy_(torch.from_numpy(found.parameters))
        weights = {f"weight_{place}": float(weight) for place, weight in enumerate(found.parameters, start=1)}
        return {**weights, "loss": found.loss, "saturated": found.saturated}


class Lookup(Curve):
    """E[y | A]: for each level of A the mean target, a straight line between levels that no pixel had."""

    table: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__(channels)
        self.register_buffer("table", torch.linspace(0, 1, BINS))

    def forward(self, source: Tensor) -> Tensor:
        place = channel_sum(source).mul_((BINS - 1) / self.channels).round_().clamp_(0, BINS - 1).long()
        return self.table[place]

    def fit(self, pairs: Iterable[Pair], levels: Levels, factor: float) -> dict[str, Any]:
        place = np.clip(np.rint(levels.gray * (BINS - 1)), 0, BINS - 1).astype(np.int64)
        count, target = np.bincount(place, levels.count), np.bincount(place, levels.target)
        seen = np.flatnonzero(count)
        table = np.clip(np.interp(np.arange(BINS), seen, target[seen] / count[seen]), 0, 1)
        self.table.copy_(torch.from_numpy(table))
        return {"loss": levels.loss(table[place]), "saturated": 0.0}


CURVES: Mapping[str, type[Curve]] = {"factor": Factor, "affine": Affine, "channels": Channels, "lookup": Lookup}


def factor_report(levels: Levels, factor: float) -> dict[str, Any]:
    curve = factor * levels.gray
    return {"factor": factor, "loss": levels.loss(np.clip(curve, 0, 1)), "saturated": levels.share(clips(curve))}


def channel_sum(source: Tensor) -> Tensor:
    """``(n, c, h, w)`` to a new ``(n, 1, h, w)``: sums in place are several times as fast as ``mean`` over channels."""
    if source.shape[1] == 1:
        return source.clone()
    total = source[:, :1] + source[:, 1:2]
    for channel in range(2, source.shape[1]):
        total += source[:, channel : channel + 1]
    return total
