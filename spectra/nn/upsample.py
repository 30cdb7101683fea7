"""Layers that double height and width."""

from __future__ import annotations

from typing import Literal

from torch import nn

Upsampling = Literal["transposed", "nearest", "bilinear", "k4"]


def upsample(kind: Upsampling, source: int, target: int, bias: bool = True) -> nn.Module:
    """A layer from ``source`` to ``target`` channels at exactly twice the size.

    ``transposed`` is that of the official networks, with a kernel of 3: its outputs overlap unevenly, which invites
    checkerboards. ``k4``, with a kernel of 4, overlaps evenly. ``nearest`` and ``bilinear`` enlarge the image, then
    convolve it.
    """
    if kind == "transposed":
        return nn.ConvTranspose2d(source, target, 3, stride=2, padding=1, output_padding=1, bias=bias)
    if kind == "k4":
        return nn.ConvTranspose2d(source, target, 4, stride=2, padding=1, bias=bias)
    enlarged = nn.Upsample(scale_factor=2, mode=kind, align_corners=False if kind == "bilinear" else None)
    return nn.Sequential(enlarged, nn.ReflectionPad2d(1), nn.Conv2d(source, target, 3, bias=bias))
