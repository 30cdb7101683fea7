"""A small residual network: five halvings, group normalisation, as batches are small and nothing is pretrained."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

GROUPS = 8
WIDTHS = (1, 2, 3, 4, 6)
"""Channels of the stem and of the four stages, as multiples of the width."""


class Block(nn.Module):
    """Two convolutions around which the image goes, halved where the stride says so."""

    def __init__(self, entering: int, leaving: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(entering, leaving, 3, stride, 1, bias=False)
        self.first_norm = nn.GroupNorm(GROUPS, leaving)
        self.second = nn.Conv2d(leaving, leaving, 3, 1, 1, bias=False)
        self.second_norm = nn.GroupNorm(GROUPS, leaving)
        self.around = nn.Sequential(nn.AvgPool2d(stride, ceil_mode=True), nn.Conv2d(entering, leaving, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        inner = torch.relu(self.first_norm(self.first(x)))
        return torch.relu(self.second_norm(self.second(inner)) + self.around(x))


def residual(width: int) -> tuple[nn.Sequential, list[int]]:
    """The network, and the channels of its stages ``two``, ``three`` and ``four``: at 1/8, 1/16 and 1/32."""
    stem, one, two, three, four = (width * factor for factor in WIDTHS)
    network = nn.Sequential(
        OrderedDict(
            stem=nn.Sequential(
                nn.Conv2d(3, stem, 3, 2, 1, bias=False), nn.GroupNorm(GROUPS, stem), nn.ReLU(inplace=True)
            ),
            one=Block(stem, one, 2),
            two=Block(one, two, 2),
            three=Block(two, three, 2),
            four=Block(three, four, 2),
        )
    )
    return network, [two, three, four]
