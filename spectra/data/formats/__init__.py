"""The file formats: one file each, with the same functions, told apart by their first bytes."""

from __future__ import annotations

from typing import Any, BinaryIO, Protocol

from numpy.typing import NDArray

from spectra.data.formats import jpeg, npy, npz, png, tiff
from spectra.data.formats.header import Header
from spectra.data.formats.reader import Reader


class Format(Protocol):
    @property
    def NAME(self) -> str: ...
    @property
    def SUFFIXES(self) -> tuple[str, ...]: ...
    @property
    def MAGIC(self) -> tuple[bytes, ...]: ...
    def reader(self, file: BinaryIO) -> Reader: ...


class WritableFormat(Format, Protocol):
    def check(self, header: Header) -> None: ...
    def encode(self, file: BinaryIO, image: NDArray[Any]) -> None: ...


_WRITABLE: tuple[WritableFormat, ...] = (png, tiff, npy, npz)
_READABLE: tuple[Format, ...] = (*_WRITABLE, jpeg)
BY_SUFFIX: dict[str, Format] = {suffix: form for form in _READABLE for suffix in form.SUFFIXES}
WRITABLE_BY_SUFFIX: dict[str, WritableFormat] = {suffix: form for form in _WRITABLE for suffix in form.SUFFIXES}

# Not read, but called by name when they stand under a suffix of ours.
_STRANGERS = {
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"RIFF": "WebP or other RIFF",
    b"\x1f\x8b": "gzip",
    b"8BPS": "Photoshop",
    b"\x00\x00\x00\x0cjP": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"\x89HDF": "HDF5",
    b"SIMPLE  =": "FITS",
    b"%PDF": "PDF",
    b"<": "HTML or XML",
    b"\x80": "Python pickle",
}


def recognise(start: bytes) -> str | None:
    """The name of the format that a file beginning with these bytes has, or None."""
    for form in _READABLE:
        if start.startswith(form.MAGIC):
            return form.NAME
    if start[4:8] == b"ftyp":
        return "HEIC, AVIF or MP4"
    return next((name for magic, name in _STRANGERS.items() if start.startswith(magic)), None)
