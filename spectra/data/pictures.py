"""From the values of a file to the unit interval, and back."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spectra.data.not_finite import remedy
from spectra.data.pairs import Picture
from spectra.errors import ImageError, SpectraError
from spectra.modalities import TYPE_LIMITS, Modality, Scale

TIE = 2.0**-22
"""A value this close below a half (of the scale's span) rounds up: float32 cannot tell it from the half itself."""
WIDEST_TIE = 2.0**-6
"""In levels. Over spans wider than that of 16 bits, the tie must not grow until it changes what is no half at all."""


def as_picture(array: NDArray[Any], file: object, modality: Modality) -> Picture:
    """The ``(h, w, c)`` pixels of a file as a picture of a modality; faults name the file."""
    if not fits(array.shape[2], modality):
        raise ImageError(wrong_channels(file, array.shape[2], modality))
    if array.shape[2] != modality.channels:
        array = _grey(array, file, modality)
    try:
        return to_picture(array, modality.scale)
    except SpectraError as fault:
        raise ImageError(f"{str(file)!r}: {fault}") from None


def fits(channels: int, modality: Modality) -> bool:
    """Whether a file of so many channels may show it: grey is often stored as RGB, which its pixels must confirm."""
    return channels == modality.channels or (channels == 3 and modality.channels == 1)


def _grey(array: NDArray[Any], file: object, modality: Modality) -> NDArray[Any]:
    """The one channel of an image whose three channels are equal."""
    first, others = array[..., :1], array[..., 1:]
    if not ((others == first) | ((others != others) & (first != first))).all():  # NaN goes with NaN
        raise ImageError(f"{wrong_channels(file, 3, modality)} Three would do if they were equal; they differ.")
    return first


def wrong_channels(path: object, channels: int, modality: Modality) -> str:
    return (
        f"{str(path)!r} has {channels} channel{'s' * (channels != 1)}, where {modality} means {modality.channels}. "
        f"Name another modality (1: gray, nir, ...; 3: rgb; N: ms<N>), or convert the file."
    )


def to_picture(array: NDArray[Any], scale: Scale) -> Picture:
    """An ``(h, w, c)`` array of uint8, uint16 or float32 in the unit interval of a scale; nothing is clipped."""
    values = torch.from_numpy(_planes(array))
    valid = _valid(values, array, scale)
    scale = scale.for_type(str(array.dtype))
    low, _ = scale.limits
    if low:
        values.sub_(low)
    values.div_(scale.span)
    if valid is not None:
        values = _filled(values, valid)
    return Picture(values, scale, str(array.dtype), valid)


def masked(picture: Picture, valid: Tensor) -> Picture:
    """The picture without what a mask, ``(h, w)`` and true where there is data, says is no data."""
    if bool(valid.all()):
        return picture
    both = valid if picture.valid is None else picture.valid & valid
    return replace(picture, pixels=_filled(picture.pixels, both), valid=both)


def to_array(pixels: Tensor, scale: Scale, dtype: str) -> NDArray[Any]:
    """``(c, h, w)`` of the unit interval as the ``(h, w, c)`` of a file: rounded half up, saturated at the type."""
    scale = scale.for_type(dtype)
    low, _ = scale.limits
    values = pixels.detach().to("cpu", torch.float32) * scale.span
    if dtype == "float32":
        return np.ascontiguousarray((values + low).permute(1, 2, 0).numpy())
    smallest, largest = TYPE_LIMITS[dtype]
    values.add_(low + 0.5 + min(TIE * scale.span, WIDEST_TIE)).floor_().clamp_(smallest, largest)
    return np.ascontiguousarray(values.permute(1, 2, 0).numpy().astype(dtype))


def as_stored(pixels: Tensor, scale: Scale, dtype: str) -> Tensor:
    """The pixels as they come back from a file of that type: what is scored is what would be found on disk."""
    if dtype == "float32":
        return pixels
    low, _ = scale.for_type(dtype).limits
    values = torch.from_numpy(to_array(pixels, scale, dtype).astype(np.float32)).permute(2, 0, 1)
    return (values - low) / scale.for_type(dtype).span


def can_hold(dtype: str, value: float) -> bool:
    """Whether a file of that type can have a pixel of that value."""
    smallest, largest = TYPE_LIMITS[dtype]
    return dtype == "float32" or (value % 1 == 0 and smallest <= value <= largest)  # NaN is not whole


def _planes(array: NDArray[Any]) -> NDArray[np.float32]:
    """A new ``(c, h, w)``: one assignment is several times as fast as a copy for the order and one for the type."""
    height, width, channels = array.shape
    planes = np.empty((channels, height, width), np.float32)
    planes[...] = array.transpose(2, 0, 1)
    return planes


def _valid(values: Tensor, array: NDArray[Any], scale: Scale) -> Tensor | None:
    """Where there is data; None where there is everywhere."""
    if scale.nodata is None:
        if array.dtype == np.float32:
            _refuse_not_finite(values, scale)
        return None
    marked = torch.isnan(values) if math.isnan(scale.nodata) else values == scale.nodata
    valid = ~(marked.any(0) if math.isnan(scale.nodata) else marked.all(0))
    _refuse_not_finite(values[:, valid], scale)
    return None if bool(valid.all()) else valid


def _refuse_not_finite(values: Tensor, scale: Scale) -> None:
    if bool(torch.isfinite(values.sum())):
        return
    wrong = int((~torch.isfinite(values)).sum())
    if wrong:
        raise SpectraError(f"holds {wrong} values that are NaN or infinite. {remedy(scale)}")


def _filled(values: Tensor, valid: Tensor) -> Tensor:
    """Pixels without data take the mean of those with data, so that no NaN reaches a network."""
    known = values[:, valid]
    fill = known.mean(1) if known.numel() else values.new_zeros(len(values))
    return torch.where(valid, values, fill[:, None, None])
