"""Actions that find values between pixels: resizing, and turning by an angle."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, interpolate, max_pool2d, pad

from spectra.data.augment.action import Grid, SideName
from spectra.data.augment.sizes import Size
from spectra.data.catalogue import Window
from spectra.recipe.augment import Interpolation

RADIUS = {"bilinear": 1.0, "bicubic": 2.0, "area": 0.5}
"""How far a kernel reaches, in pixels of the coarser of the two images."""
NEGLIGIBLE = 2.0**-10
"""A pixel without data that weighs less than this in a result does not make it invalid."""


@dataclass(frozen=True)
class Resize:
    """To another size, edges on edges. What shrinks is filtered over the pixels that fall together."""

    to: Size
    interpolation: Interpolation

    def size(self, size: Size) -> Size:
        return self.to

    def within(self, window: Window, size: Size) -> Window | None:
        return None

    def apply(self, grid: Grid, side: SideName) -> Grid:
        pixels, valid = grid
        return self._pixels(pixels), None if valid is None else self._valid(valid)

    def _pixels(self, pixels: Tensor) -> Tensor:
        if self.interpolation == "area":
            return _averaged(_averaged(pixels, self.to[0], 1), self.to[1], 2)
        if self.interpolation == "nearest":
            return interpolate(pixels[None], self.to, mode="nearest-exact")[0]
        # With antialias, torch's kernels are those of Pillow, enlarging too: the bicubic one has a = -0.5. In float32
        # its places between pixels would be off by as much as some levels of 16 bits count.
        return interpolate(pixels[None].double(), self.to, mode=self.interpolation, antialias=True)[0].float()

    def _valid(self, valid: Tensor) -> Tensor:
        """True where all that a pixel comes from is: counted in the box that its kernel covers."""
        if self.interpolation == "nearest":
            return interpolate(valid[None, None].float(), self.to, mode="nearest-exact")[0, 0] > 0
        sums = pad((~valid).cumsum(0, dtype=torch.int32).cumsum(1, dtype=torch.int32), (1, 0, 1, 0))
        (top, bottom), (left, right) = (
            _reach(before, after, RADIUS[self.interpolation])
            for before, after in zip(valid.shape, self.to, strict=True)
        )
        bands = sums[bottom] - sums[top]
        return bands[:, right] - bands[:, left] == 0


def _reach(before: int, after: int, radius: float) -> tuple[Tensor, Tensor]:
    """The first pixel that each pixel of the result comes from, and the one after the last."""
    scale = before / after
    centres = (torch.arange(after, dtype=torch.float64) + 0.5) * scale
    reach = radius * (max(scale, 1.0) if radius > 0.5 else scale)
    # A pixel is reached where its centre is (or, for areas, any part of it); what only touches weighs nothing.
    inset = 0.5 if radius > 0.5 else 0.0
    first = torch.floor(centres - reach + inset + NEGLIGIBLE).long()
    last = torch.ceil(centres + reach - inset - NEGLIGIBLE).long()
    return first.clamp(0, before), last.clamp(0, before)


def _averaged(pixels: Tensor, after: int, axis: int) -> Tensor:
    """The mean over the stretch that each pixel of the result covers, parts of pixels counted by their part."""
    before = pixels.shape[axis]
    edges = torch.arange(after + 1, dtype=torch.float64) * before / after
    start, end = edges[:-1], edges[1:]
    shape = [-1 if here == axis else 1 for here in range(pixels.ndim)]
    result = pixels.new_zeros([after if here == axis else side for here, side in enumerate(pixels.shape)])
    for further in range(math.ceil(before / after) + 1):
        pixel = start.floor() + further
        covered = (torch.minimum(end, pixel + 1) - torch.maximum(start, pixel)).clamp(min=0) * after / before
        found = pixels.index_select(axis, pixel.long().clamp(max=before - 1))
        result.addcmul_(found, covered.to(pixels.dtype).view(shape))
    return result


@dataclass(frozen=True)
class Rotate:
    """Counter-clockwise about the centre, the size unchanged."""

    degrees: float
    interpolation: Interpolation
    reflect: bool
    """Outside lies the image mirrored at its edge; else, pixels without data."""

    def size(self, size: Size) -> Size:
        return size

    def within(self, window: Window, size: Size) -> Window | None:
        return None

    def apply(self, grid: Grid, side: SideName) -> Grid:
        pixels, valid = grid
        places = self._places((pixels.shape[1], pixels.shape[2]))
        turned = _sampled(pixels, places, self.interpolation)
        if valid is None and self.reflect:
            return turned, None
        known = torch.ones(pixels.shape[1:], dtype=torch.bool) if valid is None else valid
        return turned, self._valid(known, places)

    def _places(self, size: Size) -> Tensor:
        """Where each pixel of the result comes from, as torch counts: x and y, -1 and 1 at the image's edges."""
        y, x = (torch.arange(side, dtype=torch.float64) - (side - 1) / 2 for side in size)
        angle = math.radians(self.degrees)
        cosine, sine = math.cos(angle), math.sin(angle)
        places = torch.empty(*size, 2)
        for axis, (across, down) in enumerate(((x * cosine, -y * sine), (x * sine, y * cosine))):
            side = size[1 - axis] / 2
            torch.add((across / side).float(), (down / side).float()[:, None], out=places[..., axis])
        return places

    def _valid(self, valid: Tensor, places: Tensor) -> Tensor:
        missing = (~valid).float()[None]
        if not self.reflect:
            missing = pad(missing, (1, 1, 1, 1), value=1.0)
            places = places * places.new_tensor([side / (side + 2) for side in reversed(valid.shape)])
        if self.interpolation == "bicubic":  # it reaches one pixel further to each side than bilinear does
            missing = max_pool2d(missing, 3, stride=1, padding=1)
        mode = "nearest" if self.interpolation == "nearest" else "bilinear"
        return _sampled(missing, places, mode, "reflection" if self.reflect else "border")[0] <= NEGLIGIBLE


def _sampled(pixels: Tensor, places: Tensor, interpolation: str, padding: str = "reflection") -> Tensor:
    return grid_sample(pixels[None], places[None], interpolation, padding, align_corners=False)[0]
