"""The loss: what every translator may learn from, by its name in a recipe."""

from __future__ import annotations

from pydantic import Field
from spectra import Config, Loss
from torch import Tensor
from torch.nn.functional import l1_loss


class Edges(Loss):
    """The mean absolute difference of the images' edges: of each pixel and its neighbour to the right and below."""

    api_version = 1

    class Settings(Config):
        distance: int = Field(1, gt=0, description="pixels between the two that are compared")

    summary = "mean absolute error of the differences between neighbouring pixels"

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        distance = self.settings.distance
        across = l1_loss(_difference(prediction, -1, distance), _difference(target, -1, distance))
        down = l1_loss(_difference(prediction, -2, distance), _difference(target, -2, distance))
        return (across + down) / 2


def _difference(images: Tensor, axis: int, distance: int) -> Tensor:
    length = images.shape[axis] - distance
    return images.narrow(axis, distance, length) - images.narrow(axis, 0, length)
