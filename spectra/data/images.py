"""Images in and out, bit for bit: PNG, TIFF, NPY and NPZ, and JPEG to read; 8 and 16 bits and float32; many bands."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

from spectra.data.atomic import atomic
from spectra.data.catalogue import Window
from spectra.data.formats import BY_SUFFIX, WRITABLE_BY_SUFFIX, Format, recognise
from spectra.data.formats.header import Header, require_dtype
from spectra.errors import ImageError

__all__ = [
    "MAX_PIXELS",
    "SUFFIXES",
    "WRITABLE",
    "Header",
    "OpenImage",
    "find_images",
    "read_header",
    "read_image",
    "read_window",
    "require_size",
    "write_image",
]

SUFFIXES: frozenset[str] = frozenset(BY_SUFFIX)
WRITABLE: frozenset[str] = frozenset(WRITABLE_BY_SUFFIX)
MAX_PIXELS = 2**28  # 16384 × 16384: 1.5 GiB as 16-bit RGB
_LIMIT_VARIABLE = "SPECTRA_MAX_PIXELS"
_AT_ONCE = 2**17  # bytes, of files that are read whole at the first touch
_FAULTS = (ImageError, OSError, MemoryError)


def read_header(path: Path) -> Header:
    """Size, channels and dtype of the image at `path`, without decoding its pixels."""
    with OpenImage(path) as image:
        return image.header


def read_image(path: Path, *, max_pixels: int | None = None) -> NDArray[Any]:
    """The image at `path` as (h, w, c), uint8, uint16 or float32, colours in the order RGB(A).

    No value is changed: nothing is scaled, turned or colour-managed. Images of more than `max_pixels` pixels
    (by default 2²⁸, or SPECTRA_MAX_PIXELS; each four channels count anew) are refused before they are decoded.
    """
    with OpenImage(path) as image:
        return image.read(max_pixels=max_pixels)


def read_window(path: Path, window: Window) -> NDArray[Any]:
    """The pixels of a window of the image at `path`, as `read_image` gives them; to read many, open it once.

    Where the header says `windows`, only what the window touches is decoded, and the limit on pixels holds for the
    window and for the tiles or strips, not for the image. Other files are decoded whole and cut.
    """
    with OpenImage(path) as image:
        return image.read_window(window)


class OpenImage:
    """An image file held open, to read its header once and its pixels in parts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            form, self._file = _opened(path)
            try:
                self._reader = form.reader(self._file)
                self.header = _sound(self._reader.header)
            except BaseException:
                self._file.close()
                raise
        except _FAULTS as error:
            raise _named(path, error) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def read(self, *, max_pixels: int | None = None) -> NDArray[Any]:
        try:
            header = self.header
            _require_size(header, _limit() if max_pixels is None else max_pixels)
            return self._kept(self._reader.read(), header.height, header.width)
        except _FAULTS as error:
            raise _named(self.path, error) from None

    def read_window(self, window: Window) -> NDArray[Any]:
        try:
            _require_inside(window, self.header)
            touched = replace(self.header, height=window.height, width=window.width)
            _require_size(touched if self.header.windows else self.header, _limit())
            return self._kept(self._reader.read_window(window), window.height, window.width)
        except _FAULTS as error:
            raise _named(self.path, error) from None

    def _kept(self, image: NDArray[Any], height: int, width: int) -> NDArray[Any]:
        if image.shape != (height, width, self.header.channels) or image.dtype != self.header.dtype:
            raise ImageError(f"its header promises {self.header}, and its data gives {image.shape} of {image.dtype}")
        return image


def write_image(path: Path, image: NDArray[Any], *, overwrite: bool = False) -> None:
    """Writes (h, w, c) of uint8, uint16 or float32 to `path`, in the format of its suffix, whole or not at all.

    A file that is there already stays as it is, unless `overwrite` is true.
    """
    try:
        form = WRITABLE_BY_SUFFIX.get(path.suffix.lower())
        if form is None:
            raise ImageError(_unwritable(path.suffix))
        header = _header_of(image)
        form.check(header)
        if not overwrite and os.path.lexists(path):
            raise ImageError("it exists already: choose another name, or ask to overwrite it")
        if not path.parent.is_dir():
            raise ImageError("its folder does not exist: create it first")
        # Not flushed to the disk: an image can be made again, and a slow disk would be waited for at each.
        with atomic(path, durable=False) as temporary, temporary.open("xb") as file:
            form.encode(file, np.ascontiguousarray(image, dtype=header.dtype))
    except _FAULTS as error:
        raise _named(path, error, "written") from None


def find_images(folder: Path) -> list[Path]:
    """Every image below `folder`, sorted; hidden files and folders are left out, and each folder is entered once."""
    images: list[Path] = []
    seen: set[tuple[int, int]] = set()
    folders = [folder]
    while folders:
        entries = _entries(folders.pop(), seen)
        folders += [entry for entry in reversed(entries) if entry.is_dir()]
        images += [entry for entry in entries if entry.suffix.lower() in SUFFIXES and not entry.is_dir()]
    return sorted(images)


def _entries(folder: Path, seen: set[tuple[int, int]]) -> list[Path]:
    """What a folder shows, or nothing where it was seen before: a symlink may lead back."""
    try:
        status = folder.stat()
        if (status.st_dev, status.st_ino) in seen:
            return []
        seen.add((status.st_dev, status.st_ino))
        return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        raise ImageError(f"The folder {_quoted(folder)} cannot be listed: {error.strerror}.") from None


def _named(path: Path, error: Exception, action: str = "read") -> ImageError:
    """Names the file in every error. The quotes keep line breaks in a name from garbling the message."""
    match error:
        case OSError():
            reason = error.strerror or str(error)
        case MemoryError():
            reason = "there is not enough memory for it"
        case _:
            reason = str(error)
    return ImageError(f"The image {_quoted(path)} cannot be {action}: {reason}.")


def _opened(path: Path) -> tuple[Format, BinaryIO]:
    form = BY_SUFFIX.get(path.suffix.lower())
    try:
        status = path.stat()
    except ValueError:  # as a list of files can hold
        raise ImageError("no file has a name with a null character in it") from None
    if stat.S_ISDIR(status.st_mode):
        raise ImageError("it is a folder, not a file")
    if not stat.S_ISREG(status.st_mode):
        raise ImageError("it is not a regular file")  # opening a pipe would wait for ever
    if form is None:
        raise ImageError(f"its suffix {path.suffix!r} is not known; known are {', '.join(sorted(SUFFIXES))}")
    if status.st_size == 0:
        raise ImageError("it is empty (zero bytes)")
    file = _contents(path, status.st_size)
    try:
        _require_kind(path, form, file.read(16))
    except BaseException:
        file.close()
        raise
    return form, file


def _contents(path: Path, size: int) -> BinaryIO:
    """The file; a small one in memory, by a single read: for its header alone, a disk fetches as much."""
    if size > _AT_ONCE:
        return path.open("rb")
    file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))  # no file object: it costs 4 % of a small JPEG
    try:
        return BytesIO(os.read(file, size))
    finally:
        os.close(file)


def _require_kind(path: Path, form: Format, start: bytes) -> None:
    if start.startswith(form.MAGIC):
        return
    if actual := recognise(start):
        raise ImageError(f"it is a {actual} file named {path.suffix}: rename or convert it")
    raise ImageError(f"it is no {form.NAME} file: its first bytes are {start[:8]!r}")


def _sound(header: Header) -> Header:
    if min(header.height, header.width, header.channels) < 1:
        raise ImageError(f"it has no pixels ({header})")
    return header


def _require_inside(window: Window, header: Header) -> None:
    top, left, height, width = window
    if min(height, width) < 1 or min(top, left) < 0 or top + height > header.height or left + width > header.width:
        raise ImageError(f"it has {header}, and its window {tuple(window)} (top, left, height, width) lies beyond them")


def require_size(path: Path, header: Header) -> None:
    """Refuse an image that has more pixels than the limit allows."""
    try:
        _require_size(header, _limit())
    except ImageError as error:
        raise _named(path, error) from None


def _require_size(header: Header, limit: int) -> None:
    block_height, block_width = header.block or (0, 0)
    area = max(header.height * header.width, block_height * block_width)
    if area * -(-header.channels // 4) > limit:
        raise ImageError(
            f"it has {header}, more than the limit of {limit:,} pixels (each four channels count anew); "
            f"if it is to be trusted, set the environment variable {_LIMIT_VARIABLE} to a higher number"
        )


def _limit() -> int:
    text = os.environ.get(_LIMIT_VARIABLE, "")
    if not text:
        return MAX_PIXELS
    if not text.isascii() or not text.isdigit():
        raise ImageError(f"the environment variable {_LIMIT_VARIABLE} is {text!r}, not a whole number of pixels")
    return int(text)


def _header_of(image: NDArray[Any]) -> Header:
    if image.ndim != 3:
        raise ImageError(f"it is an array of {image.ndim} axes, and an image has three: height, width, channels")
    height, width, channels = image.shape
    return _sound(Header(height, width, channels, require_dtype(image.dtype.newbyteorder("=").name)))


def _unwritable(suffix: str) -> str:
    names = ", ".join(sorted(WRITABLE))
    if suffix.lower() in SUFFIXES:
        return f"JPEG loses bits, and nothing is written with loss here; write one of {names}"
    return f"its suffix {suffix!r} is not known; written are {names}"


def _quoted(path: Path) -> str:
    return repr(str(path))
