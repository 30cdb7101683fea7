"""An image at half its size, as pix2pixHD's coarser networks see it."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def halved(image: Tensor) -> Tensor:
    """The mean of every second pixel and its neighbours; at the edge, of those within the image."""
    return functional.avg_pool2d(image, 3, stride=2, padding=1, count_include_pad=False)
