"""One value for every pixel."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from spectra import Config, Task, Translator
from spectra_floors.pixels import blocks, require_pixels

if TYPE_CHECKING:
    from spectra import Pair


class Constant(Translator):
    """The mean of the training targets, channel by channel, whatever the source shows."""

    api_version = 1
    summary = "floor: the mean of the training targets in every pixel"
    mean: Tensor

    def __init__(self, task: Task, settings: Config) -> None:
        super().__init__(task, settings)
        self.register_buffer("mean", torch.full((task.target.channels,), 0.5))
        self._pixels = 0

    @property
    def reach(self) -> int:
        return 0

    def forward(self, source: Tensor) -> Tensor:
        n, _, h, w = source.shape
        return self.mean.to(source.dtype).view(1, -1, 1, 1).repeat(n, 1, h, w)

    def fit(self, pairs: Iterable[Pair]) -> None:
        total, pixels = torch.zeros(self.mean.shape, dtype=torch.float64), 0
        for _, target in blocks(pairs):
            total += target.sum(1)
            pixels += target.shape[1]
        require_pixels(pixels)
        self.mean.copy_(total / pixels)
        self._pixels = pixels

    def diagnostics(self) -> dict[str, Any]:
        means = {f"mean_{channel}": value for channel, value in enumerate(self.mean.tolist(), start=1)}
        return {**means, "pixels": self._pixels} if self._pixels else {}
