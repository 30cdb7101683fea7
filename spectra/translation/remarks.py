"""What is to be said of a result: pixels without data, values that were cut off, depth that was lost."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from spectra.data.pairs import Picture
from spectra.data.pictures import can_hold
from spectra.errors import SpectraError
from spectra.inference import Inference, Size, by
from spectra.modalities import TYPE_LIMITS, Scale

BEYOND = "hold values beyond their scale; the results of this translator stay within that of the target"
GREY = "hold their grey in three channels; one was read, as all are equal"
NO_DATA = "have pixels without data; their results there come from the mean of the image, as its scale marks none"
COLLIDES = "have results that equal the value for no data, and will be taken for such"
DROPPED = "had a georeference, a no-data value or a mask in the file, which was left out as asked"


def resizes(inference: Inference, own: Size, result: Size) -> Iterator[str]:
    """Of an image of the size `own`: whether it was resized, and its result with it."""
    if inference.input is not None and inference.input != own:
        yield f"were brought to {by(inference.input)} before they were translated"
    if result != own:
        yield f"have results of {by(result)}, another size than their own"


def require_room(scale: Scale, dtype: str) -> None:
    """A scale with limits of its own must fit an integer type that nobody chose for it: else all is one value."""
    if scale.low is None or scale.high is None or dtype == "float32":
        return
    smallest, largest = TYPE_LIMITS[dtype]
    if scale.low < smallest or scale.high > largest or scale.span < 2:
        raise SpectraError(
            f"{dtype} cannot hold the scale `{scale}` of the target. Choose --depth float"
            + (
                ", or --depth 16."
                if dtype == "uint8" and scale.high <= 65535 and scale.low >= 0 and scale.span >= 2
                else "."
            )
        )


def mark_for(scale: Scale, own: float | None, dtype: str) -> float | None:
    """The value that marks pixels without data in a result: the target's, else the source file's, where it fits."""
    return next((value for value in (scale.nodata, own) if value is not None and can_hold(dtype, value)), None)


def remarks(picture: Picture, bounded: bool, marked: bool) -> Iterator[str]:
    """Of a source, or a window of it.

    ``bounded``: its results are held to the scale. ``marked``: those without data can be told from the others.
    """
    most = TYPE_LIMITS[picture.dtype][1]
    if picture.dtype != "float32" and most < picture.scale.limits[1]:
        yield f"of {picture.dtype} cannot reach the top of the scale `{picture.scale}`: are they the right files?"
    if picture.valid is not None and not marked:
        yield NO_DATA
    if bounded and _outside(picture):
        yield BEYOND


def cut_off(pixels: Tensor, scale: Scale, dtype: str) -> Iterator[str]:
    """Of results that no translator holds to their scale: whether the type of the file loses some."""
    if dtype == "float32":
        return
    scale, (smallest, largest) = scale.for_type(dtype), TYPE_LIMITS[dtype]
    least, most = (float(end) * scale.span + scale.limits[0] for end in torch.aminmax(pixels))
    if least <= smallest - 1 or most >= largest + 1:  # less is rounding
        yield f"have results beyond what {dtype} holds, and these were cut off; --depth float keeps them"


def lost_depth(own: str, dtype: str) -> list[str]:
    """Said where results are shallower than their sources, and nobody asked for that."""
    depths = list(TYPE_LIMITS)
    if depths.index(dtype) >= depths.index(own):
        return []
    wish = "16" if own == "uint16" else "float"
    return [f"of {own} became {dtype}, as the model's targets were; --depth {wish} keeps more"]


def _outside(picture: Picture) -> bool:
    """Whether values lie beyond the limits of the scale; those of an integer type with its own limits cannot."""
    if picture.dtype != "float32" and picture.scale.limits == TYPE_LIMITS[picture.dtype]:
        return False
    return bool(picture.pixels.min() < 0) or bool(picture.pixels.max() > 1)
