"""Every image of a data set is read here: whole files, halves of files in which two images stand, and windows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

from numpy.typing import NDArray

from spectra.data.catalogue import ImageFile, Window
from spectra.data.images import Header, read_header, read_image, read_window
from spectra.data.pairs import Picture
from spectra.data.pictures import as_picture
from spectra.errors import ImageError
from spectra.modalities import Modality


class Reading(Protocol):
    """What pairs need of a reader; one that keeps what it has decoded has the same two methods."""

    def header(self, file: ImageFile) -> Header:
        """Size, channels and dtype, without decoding the pixels."""

    def array(self, file: ImageFile, window: Window | None = None) -> NDArray[Any]:
        """The image as ``(h, w, c)``, or a window of it."""


class Reader:
    """Reads from the files themselves, anew each time."""

    def header(self, file: ImageFile) -> Header:
        header = read_header(file.path)
        return replace(header, width=_half(file, header.width)) if file.part else header

    def array(self, file: ImageFile, window: Window | None = None) -> NDArray[Any]:
        if window is None:
            image = read_image(file.path)
            return image if not file.part else image[:, _columns(file, image.shape[1])]
        if file.part:
            window = window._replace(left=window.left + _columns(file, read_header(file.path).width).start)
        return read_window(file.path, window)


def read(reader: Reading, file: ImageFile, modality: Modality, window: Window | None = None) -> Picture:
    """One image as a picture of a modality: its channels are counted, and its values checked."""
    return as_picture(reader.array(file, window), file, modality)


def _columns(file: ImageFile, width: int) -> slice:
    half = _half(file, width)
    return slice(0, half) if file.part == "left" else slice(half, width)


def _half(file: ImageFile, width: int) -> int:
    if width % 2:
        raise ImageError(
            f"The image {str(file.path)!r} is {width} pixels wide: two images of one width cannot stand in it side "
            "by side."
        )
    return width // 2
