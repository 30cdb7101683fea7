"""One prediction and its target where there is data."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from spectra.errors import SpectraError
from spectra.metric import Scored
from spectra.metrics.per_image import NotScored

T = TypeVar("T")
_STRIP = 1 << 17
"""Values at once: few enough to stay in the processor's cache, and to bound the memory of huge images."""
_KEPT = 1 << 24
"""Values: 128 MB in float64."""


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
    error = _errors(item, slice(None))
    if not error.numel():
        raise NotScored("no valid pixel")
    return error


@dataclass(frozen=True)
class ErrorMeans:
    """Over all channels of the valid pixels, where 1 is the whole span of the scale."""

    square: float
    absolute: float


def error_means(item: Scored) -> ErrorMeans:
    """Both in one pass, and once for all metrics that are made of them."""
    return item.own.once("error means", lambda: _error_means(item))


def valid_pixels(item: Scored) -> Iterator[tuple[Tensor, Tensor]]:
    """Prediction and target in float64 as ``(c, pixels)``, strip after strip: the valid ones."""
    check_shapes(item)
    for rows in _strips(item):
        pixels = [image[:, rows].flatten(1).double() for image in (item.prediction, item.target)]
        if item.valid is not None:
            pixels = [image[:, item.valid[rows].flatten().bool()] for image in pixels]
        yield pixels[0], pixels[1]


def kept(item: Scored, key: Hashable, compute: Callable[[], T]) -> T:
    """What is as large as the target is remembered for the next method only where the target is not huge."""
    return item.memory.once(key, compute) if item.target.numel() <= _KEPT else compute()


def _error_means(item: Scored) -> ErrorMeans:
    check_shapes(item)
    count, square, absolute = 0, 0.0, 0.0
    for rows in _strips(item):
        error = _errors(item, rows).flatten()
        count += error.numel()
        square += torch.dot(error, error).item()
        absolute += error.abs_().sum().item()
    if not count:
        raise NotScored("no valid pixel")
    return ErrorMeans(square / count, absolute / count)


def _errors(item: Scored, rows: slice) -> Tensor:
    error = torch.sub(item.prediction[:, rows], item.target[:, rows]).double()
    return error if item.valid is None else error[:, item.valid[rows].bool()]


def _strips(item: Scored) -> Iterator[slice]:
    channels, height, width = item.target.shape
    rows = max(1, _STRIP // (channels * width))
    return (slice(top, top + rows) for top in range(0, height, rows))


def _size(image: Tensor) -> str:
    return "×".join(str(length) for length in image.shape)
