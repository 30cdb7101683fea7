"""Means and variances of the channels of two maps, and of their difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from spectra.nn.pixels import parts

C1 = C2 = 1e-6
"""What keeps ratios defined where there is neither brightness nor contrast."""


@dataclass(frozen=True)
class Moments:
    """Of two maps, channel by channel, the mean and the variance of each and of their difference; float64."""

    count: int
    means: Tensor
    """``(3, c)``: of one, of the other, of the difference."""
    variances: Tensor

    @property
    def texture(self) -> Tensor:
        """1 minus the similarity of the means."""
        one, other, apart = self.means.unbind()
        return apart.square() / (one.square() + other.square() + C1)

    @property
    def structure(self) -> Tensor:
        """1 minus the similarity of structure, (2 cov + c) / (var + var + c): the variance of the difference is
        var + var - 2 cov, and loses no digits where the images are nearly the same."""
        one, other, apart = self.variances.unbind()
        return apart / (one + other + C2)


def together(of: Sequence[Moments]) -> Moments:
    """The moments of all pixels, of those of several strips."""
    counts = torch.tensor([it.count for it in of], dtype=torch.float64)
    shares = (counts / counts.sum()).view(-1, 1, 1)
    means = torch.stack([it.means for it in of])
    mean = (shares * means).sum(0)
    variances = torch.stack([it.variances for it in of]) + (means - mean).square()
    return Moments(int(counts.sum()), mean, (shares * variances).sum(0))


@dataclass(frozen=True)
class Kept:
    """Of one map of a target: its pixels less the means of the channels, and the sums of these and of their squares."""

    pixels: Tensor
    shift: Tensor
    sums: Tensor
    squares: Tensor


def keep(pixels: Tensor) -> Kept:
    """What is kept of a map, ``(pixels, c)``. Centred numbers lose no digits when they are squared in float32."""
    shift = _shift(pixels)
    centred = pixels - shift
    sums, squares = torch.zeros(2, pixels.shape[1], dtype=torch.float64)
    for (part,) in parts(centred):
        sums += part.sum(0).cpu()
        squares += part.square().sum(0).cpu()
    return Kept(centred, shift, sums, squares)


def moments_of(pixels: Tensor, known: Kept) -> Moments:
    """Of a map of a prediction and one of the target."""
    shift, count = _shift(pixels), max(1, len(pixels))
    sums, squares = torch.zeros(2, 3, pixels.shape[1], dtype=torch.float64)
    sums[1], squares[1] = known.sums, known.squares
    for own, other in parts(pixels, known.pixels):
        centred = own - shift
        sums[0] += centred.sum(0).cpu()
        squares[0] += centred.square().sum(0).cpu()
        squares[2] += centred.sub_(other).square_().sum(0).cpu()
    sums[2] = sums[0] - sums[1]
    means = sums / count
    variances = squares / count - means.square()
    shifts = torch.stack([shift, known.shift]).cpu().double()
    return Moments(len(pixels), means + torch.cat([shifts, shifts[:1] - shifts[1:]]), variances)


def _shift(pixels: Tensor) -> Tensor:
    return pixels.mean(0) if len(pixels) else pixels.new_zeros(pixels.shape[1])
