"""The errors of one image where there is data."""

from __future__ import annotations

import torch
from torch import Tensor

from spectra.errors import SpectraError
from spectra.metric import Scored
from spectra.metrics.per_image import NotScored


def check_shapes(item: Scored) -> None:
    """Refuse what torch would broadcast into a number that means nothing."""
    if item.prediction.shape != item.target.shape:
        sizes = f"{_size(item.prediction)} and the target {_size(item.target)}"
        raise SpectraError(f"{item.name}: the prediction is {sizes} (c×h×w); only images of one size can be compared.")
    if item.valid is not None and item.valid.shape != item.target.shape[-2:]:
        sizes = f"{_size(item.valid)} and the target {_size(item.target)}"
        raise SpectraError(
            f"{item.name}: the mask of valid pixels is {sizes}; it must be as high and wide as the image."
        )


def valid_errors(item: Scored) -> Tensor:
    """Prediction minus target in float64: all channels of the valid pixels."""
    check_shapes(item)
    error = torch.sub(item.prediction, item.target).double()
    if item.valid is not None:
        error = error[:, item.valid.bool()]
    if not error.numel():
        raise NotScored("no valid pixel")
    return error


def _size(image: Tensor) -> str:
    return "×".join(str(length) for length in image.shape)
