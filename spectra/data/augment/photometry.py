"""Actions that change values and leave every pixel where it is. Nothing is clipped."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import max_pool2d

from spectra.data.augment.action import Grid, SideName
from spectra.data.augment.sizes import Size
from spectra.data.catalogue import Window
from spectra.recipe.augment import On


@dataclass(frozen=True)
class Photometric(ABC):
    on: On

    def size(self, size: Size) -> Size:
        return size

    def within(self, window: Window, size: Size) -> Window | None:
        return window

    def apply(self, grid: Grid, side: SideName) -> Grid:
        if self.on not in (side, "both"):
            return grid
        # Torch's arithmetic may differ in the last bit between pixels that are neighbours in memory and others.
        return self.changed(grid[0].contiguous(), grid[1])

    @abstractmethod
    def changed(self, pixels: Tensor, valid: Tensor | None) -> Grid:
        """The pixels and their mask after the operation, at the size they came in."""


@dataclass(frozen=True)
class Contrast(Photometric):
    factor: float
    pivot: Literal["mean", "bands"] | float

    def within(self, window: Window, size: Size) -> Window | None:
        return None if isinstance(self.pivot, str) else window

    def changed(self, pixels: Tensor, valid: Tensor | None) -> Grid:
        # Two constants, not a difference taken pixel by pixel: what is constant stays exactly so.
        return torch.lerp(self._pivot(pixels, valid), pixels, self.factor), valid

    def _pivot(self, pixels: Tensor, valid: Tensor | None) -> Tensor:
        if not isinstance(self.pivot, str):
            return pixels.new_tensor(self.pivot)
        known = pixels.flatten(1) if valid is None else pixels[:, valid]
        if not known.shape[1]:
            return pixels.new_zeros(1)
        means = known.mean(1, dtype=torch.float64)
        chosen = means.mean() if self.pivot == "mean" else means[:, None, None]
        return chosen.to(pixels.dtype)


@dataclass(frozen=True)
class Brightness(Photometric):
    factor: float
    shift: float

    def changed(self, pixels: Tensor, valid: Tensor | None) -> Grid:
        return (pixels * self.factor).add_(self.shift), valid


@dataclass(frozen=True)
class Gamma(Photometric):
    exponent: float

    def changed(self, pixels: Tensor, valid: Tensor | None) -> Grid:
        # In float64, so that a pixel comes to the same wherever it lies: in float32, torch's powers differ in the last
        # bit between those that it takes several at a time and those left over.
        return pixels.double().abs_().pow_(self.exponent).float().copysign_(pixels), valid


@dataclass(frozen=True)
class Noise(Photometric):
    std: float
    seed: int

    def within(self, window: Window, size: Size) -> Window | None:
        return None  # the first numbers drawn belong to the first pixels

    def changed(self, pixels: Tensor, valid: Tensor | None) -> Grid:
        drawn = np.random.default_rng(self.seed).standard_normal(tuple(pixels.shape), np.float32)
        return torch.from_numpy(drawn).mul_(self.std).add_(pixels), valid


@dataclass(frozen=True)
class Blur(Photometric):
    sigma: float

    def within(self, window: Window, size: Size) -> Window | None:
        return None

    def changed(self, pixels: Tensor, valid: Tensor | None) -> Grid:
        reach = math.ceil(3 * self.sigma)
        if reach == 0:
            return pixels, valid
        weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / self.sigma) ** 2)
        kernel = weights / weights.sum()
        blurred = torch.stack([_convolved(plane, kernel) for plane in pixels])
        return blurred, None if valid is None else _shrunk(valid, reach)


def _convolved(plane: Tensor, kernel: NDArray[np.float64]) -> Tensor:
    """Along both axes; outside lies the pixel at the edge."""
    return torch.from_numpy(cv2.sepFilter2D(plane.numpy(), -1, kernel, kernel, borderType=cv2.BORDER_REPLICATE))


def _shrunk(valid: Tensor, reach: int) -> Tensor:
    """True where all is that lies as near as that in each direction."""
    missing = (~valid).float()[None]
    rows = max_pool2d(missing, (2 * reach + 1, 1), stride=1, padding=(reach, 0))
    return max_pool2d(rows, (1, 2 * reach + 1), stride=1, padding=(0, reach))[0] == 0
