"""How far apart two images are in the maps of a backbone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from spectra.losses.precision import widened, without_autocast
from spectra.nn.backbones.backbone import DEVIATION, MEAN, Backbone

Distance = Literal["l1", "l2"]


def feature_distance(
    backbone: Backbone, prediction: Tensor, target: Tensor, weights: Sequence[float], distance: Distance = "l1"
) -> Tensor:
    """The weighted sum over the layers of the mean absolute or squared difference. No gradient goes to the target.

    The target passes first and by itself: nothing of it is kept for a backward pass. Together in one batch both would
    need more memory and, on a CPU, a third more time.
    """
    with torch.no_grad():
        wanted = backbone(target)
    measure = functional.l1_loss if distance == "l1" else functional.mse_loss
    found = backbone(prediction)
    with without_autocast(prediction):
        terms = [
            weight * measure(widened(one), widened(other))
            for weight, one, other in zip(weights, found, wanted, strict=True)
        ]
        return torch.stack(terms).sum()


class ImageNetNormalised(nn.Module):
    """Images of the unit interval, three bands, less ImageNet's mean and divided by its deviation."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(DEVIATION).view(1, 3, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        return (image - self.get_buffer("mean")) / self.get_buffer("deviation")
