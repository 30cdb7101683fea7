"""Images as networks of ImageNet want them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Normalised(nn.Module):
    """From [-1, 1] to the unit interval, less a mean, over a deviation; of other than three bands, all by the mean of
    the three constants."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, bands: int, mean: Sequence[float] = MEAN, deviation: Sequence[float] = DEVIATION) -> None:
        super().__init__()
        for name, constants in (("mean", mean), ("deviation", deviation)):
            held = torch.tensor(constants)
            held = held if bands == len(constants) else held.mean().expand(bands)
            self.register_buffer(name, held.clone().view(-1, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        return ((image + 1) / 2 - self.mean) / self.deviation


def spread(weight: Tensor, bands: int) -> Tensor:
    """A first convolution's weight for other bands: such that a grey image gives the same."""
    if weight.shape[1] == bands:
        return weight
    return weight.sum(1, keepdim=True).expand(-1, bands, -1, -1) / bands
