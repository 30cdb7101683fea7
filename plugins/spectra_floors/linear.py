"""The best linear map of a pixel's channels."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional

from spectra import Config, Task, Translator
from spectra_floors.pixels import blocks, require_pixels

if TYPE_CHECKING:
    from spectra import Pair

RANK = 1e-12  # eigenvalues below this share of the largest are taken for rounding


class Linear(Translator):
    """For each target channel a weighted sum of the source channels and a bias, by least squares over all pixels."""

    api_version = 1
    summary = "floor: per-pixel linear least squares with a bias"
    bounded = False
    weight: Tensor
    bias: Tensor

    def __init__(self, task: Task, settings: Config) -> None:
        super().__init__(task, settings)
        source, target = task.source.channels, task.target.channels
        self.register_buffer("weight", torch.full((target, source), 1 / source))
        self.register_buffer("bias", torch.zeros(target))
        self._found: dict[str, Any] = {}

    @property
    def reach(self) -> int:
        return 0

    def forward(self, source: Tensor) -> Tensor:
        return functional.conv2d(source, self.weight[:, :, None, None].to(source.dtype), self.bias.to(source.dtype))

    def fit(self, pairs: Iterable[Pair]) -> None:
        """Solve the normal equations; of many solutions (channels that depend on each other) the one of least norm."""
        outputs, inputs = self.weight.shape
        gram = torch.zeros(inputs + 1, inputs + 1, dtype=torch.float64)
        moment = torch.zeros(inputs + 1, outputs, dtype=torch.float64)
        energy, pixels = 0.0, 0
        for colours, y in blocks(pairs):
            x = functional.pad(colours, (0, 0, 0, 1), value=1.0)
            gram, moment = gram + x @ x.T, moment + x @ y.T
            energy, pixels = energy + float((y * y).sum()), pixels + y.shape[1]
        require_pixels(pixels)
        solution = torch.linalg.pinv(gram, rtol=RANK, hermitian=True) @ moment
        self.weight.copy_(solution[:-1].T)
        self.bias.copy_(solution[-1])
        rest = energy - 2 * float((solution * moment).sum()) + float((solution * (gram @ solution)).sum())
        self._found = {"rmse": math.sqrt(max(rest, 0.0) / (pixels * outputs)), "pixels": pixels}

    def diagnostics(self) -> dict[str, Any]:
        return dict(self._found)
