"""One image through a model, from file to file."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from spectra.data.images import read_image, write_image
from spectra.data.pairs import Picture
from spectra.data.pictures import to_array, to_picture, wrong_channels
from spectra.errors import ImageError, SpectraError
from spectra.modalities import TYPE_LIMITS, Scale
from spectra.model import Model, device_of
from spectra.translation.sources import Job

OF_ONE_IMAGE = {errno.ENAMETOOLONG, errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.EILSEQ, errno.EINVAL}
CLIPPED = "held values outside their scale, and were clipped to it"
NO_DATA = "have pixels without data; their results there come from the mean of the image, as its scale marks none"


class Unwritable(SpectraError):
    """The output folder takes no more images: the next one would fail as this one did."""


class Passage:
    """Called in several threads at once; an ``ImageError`` means this image alone."""

    def __init__(self, model: Model, dtype: str | None, *, chosen: bool = False) -> None:
        self.model, self.dtype, self.chosen = model, dtype, chosen
        self.device = device_of(model)
        self._lane: ThreadPoolExecutor | None = None

    @contextmanager
    def open(self) -> Iterator[Passage]:
        """A network has a thread of its own, and all cores for one image at a time; formulas run side by side."""
        if not any(True for _ in self.model.parameters()):
            yield self
            return
        with ThreadPoolExecutor(1, "spectra-network") as self._lane:
            yield self

    def __call__(self, job: Job) -> list[str]:
        """Read, translate, write; what is to be said about it."""
        written = _time(job.source)
        array = read_image(job.source)
        task = self.model.task
        if array.shape[2] != task.source.channels:
            raise ImageError(wrong_channels(job.source, array.shape[2], task.source))
        try:
            picture = to_picture(array, task.source.scale)
            dtype = self._type(picture.dtype)
            del array
            result = self._result(picture, dtype)
        except SpectraError as why:
            raise ImageError(f"The image {str(job.source)!r} cannot be translated: {why}") from None
        except MemoryError:
            raise ImageError(f"The image {str(job.source)!r} cannot be translated: it needs more memory.") from None
        _write(job, result)
        if written > _time(job.output):  # the source is from the future: it must not seem to have changed since
            os.utime(job.output, ns=(written, written))
        remarks = _remarks(picture, task.target.scale, dtype)
        return remarks if self.chosen else [*remarks, *_lost_depth(picture.dtype, dtype)]

    def _type(self, own: str) -> str:
        if self.dtype is None:
            require_room(self.model.task.target.scale, own)
        return self.dtype or own

    def _result(self, picture: Picture, dtype: str) -> NDArray[Any]:
        scale = self.model.task.target.scale
        pixels = self._lane.submit(self._forward, picture).result() if self._lane else self._forward(picture)
        result = to_array(pixels, scale, dtype)
        if picture.valid is not None and marks_no_data(scale, dtype):
            result[~picture.valid.numpy()] = scale.nodata
        return result

    def _forward(self, picture: Picture) -> Tensor:
        try:
            with torch.inference_mode():
                pixels: Tensor = self.model(picture.pixels[None].to(self.device))[0].cpu()
        except SpectraError:
            raise
        except Exception as why:  # a stranger's translator may raise anything, at one image and not at the next
            raise SpectraError(f"the translator {self.model.name!r} raised {type(why).__name__}: {why}") from why
        if not torch.isfinite(pixels.sum()):
            raise SpectraError(f"the translator {self.model.name!r} gave values that are NaN or infinite.")
        return pixels


def _time(path: Path) -> int:
    """When the file was last written; of none, 0, as the reader words that fault."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


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


def marks_no_data(scale: Scale, dtype: str) -> bool:
    """Whether the target has a value for pixels without data, and the file type holds it."""
    if scale.nodata is None:
        return False
    smallest, largest = TYPE_LIMITS[dtype]
    return dtype == "float32" or (scale.nodata % 1 == 0 and smallest <= scale.nodata <= largest)  # NaN is not whole


def _write(job: Job, result: NDArray[Any]) -> None:
    try:
        job.output.parent.mkdir(parents=True, exist_ok=True)
        write_image(job.output, result)
    except (OSError, ImageError) as why:
        cause = why if isinstance(why, OSError) else why.__context__  # `write_image` words what the system said
        if isinstance(cause, OSError) and cause.errno not in OF_ONE_IMAGE:
            raise Unwritable(f"Stopped: {str(job.output)!r} cannot be written: {cause.strerror or cause}.") from None
        raise why if isinstance(why, ImageError) else ImageError(f"{str(job.output)!r}: {why.strerror}.") from None


def _remarks(picture: Picture, target: Scale, dtype: str) -> list[str]:
    remarks = []
    most = TYPE_LIMITS[picture.dtype][1]
    if picture.dtype != "float32" and most < picture.scale.limits[1]:
        remarks.append(
            f"of {picture.dtype} cannot reach the top of the scale `{picture.scale}`: are they the right files?"
        )
    if picture.valid is not None and not marks_no_data(target, dtype):
        remarks.append(NO_DATA)
    if _outside(picture):
        remarks.append(CLIPPED)
    return remarks


def _lost_depth(own: str, dtype: str) -> list[str]:
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
