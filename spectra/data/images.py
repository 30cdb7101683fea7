"""Images in and out, bit for bit: PNG, TIFF and NPY, and JPEG to read; 8 and 16 bits and float32; one to many bands."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from spectra.data.atomic import atomic
from spectra.data.formats import BY_SUFFIX, WRITABLE_BY_SUFFIX, Format, recognise
from spectra.data.formats.header import Header, require_dtype
from spectra.errors import ImageError

__all__ = ["MAX_PIXELS", "SUFFIXES", "WRITABLE", "Header", "find_images", "read_header", "read_image", "write_image"]

SUFFIXES: frozenset[str] = frozenset(BY_SUFFIX)
WRITABLE: frozenset[str] = frozenset(WRITABLE_BY_SUFFIX)
MAX_PIXELS = 2**28  # 16384 × 16384: 1.5 GiB as 16-bit RGB
_LIMIT_VARIABLE = "SPECTRA_MAX_PIXELS"


def read_header(path: Path) -> Header:
    """Size, channels and dtype of the image at `path`, without decoding its pixels."""
    with _faults_of(path), _opened(path) as (form, file):
        return _sound(form.read_header(file))


def read_image(path: Path, *, max_pixels: int | None = None) -> NDArray[Any]:
    """The image at `path` as (h, w, c), uint8, uint16 or float32, colours in the order RGB(A).

    No value is changed: nothing is scaled, turned or colour-managed. Images of more than `max_pixels` pixels
    (by default 2²⁸, or SPECTRA_MAX_PIXELS; each four channels count anew) are refused before they are decoded.
    """
    with _faults_of(path), _opened(path) as (form, file):
        header = _sound(form.read_header(file))
        _require_size(header, _limit() if max_pixels is None else max_pixels)
        file.seek(0)
        image = form.decode(file, header)
        if image.shape != (header.height, header.width, header.channels) or image.dtype != header.dtype:
            raise ImageError(f"its header promises {header}, and its data gives {image.shape} of {image.dtype}")
        return image


def write_image(path: Path, image: NDArray[Any], *, overwrite: bool = False) -> None:
    """Writes (h, w, c) of uint8, uint16 or float32 to `path`, in the format of its suffix, whole or not at all.

    A file that is there already stays as it is, unless `overwrite` is true.
    """
    with _faults_of(path, "written"):
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


@contextmanager
def _faults_of(path: Path, action: str = "read") -> Iterator[None]:
    """Names the file in every error. The quotes keep line breaks in a name from garbling the message."""
    try:
        yield
    except ImageError as error:
        raise ImageError(f"The image {_quoted(path)} cannot be {action}: {error}.") from None
    except OSError as error:
        raise ImageError(f"The image {_quoted(path)} cannot be {action}: {error.strerror or error}.") from None
    except MemoryError:
        raise ImageError(f"The image {_quoted(path)} cannot be {action}: there is not enough memory for it.") from None


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Format, BinaryIO]]:
    form = BY_SUFFIX.get(path.suffix.lower())
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise ImageError("it is a folder, not a file")
    if not stat.S_ISREG(status.st_mode):
        raise ImageError("it is not a regular file")  # opening a pipe would wait for ever
    if form is None:
        raise ImageError(f"its suffix {path.suffix!r} is not known; known are {', '.join(sorted(SUFFIXES))}")
    if status.st_size == 0:
        raise ImageError("it is empty (zero bytes)")
    with path.open("rb", buffering=0) as file:  # a buffer would copy the whole file once more
        _require_kind(path, form, file.read(16))
        file.seek(0)
        yield form, file


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


def _require_size(header: Header, limit: int) -> None:
    if header.height * header.width * -(-header.channels // 4) > limit:
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
