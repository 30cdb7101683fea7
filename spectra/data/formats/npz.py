"""NPZ: a ZIP archive of NumPy's arrays, of which one is the image: the only one, or the one named `image`.

Sizes are judged before anything is inflated, and pickles are never opened.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from spectra.data.formats import npy
from spectra.data.formats.header import Header
from spectra.data.formats.reader import Reader
from spectra.errors import ImageError

NAME = "NPZ or other ZIP"
SUFFIXES = (".npz",)
MAGIC = (b"PK\x03\x04",)

_IMAGE = "image"
_MOST_RATIO = 1032  # no deflate stream grows by more
_HEADER = 10_012  # bytes of the longest NPY header that is read
_PIECE = 2**20


def reader(file: BinaryIO) -> Reader:
    with _faults():
        archive = zipfile.ZipFile(file)
        member = _member(archive)
        with archive.open(member) as stream:
            found = npy.layout(stream.read(_HEADER))
    return _Npz(file, archive, member, found)


class _Npz(Reader):
    def __init__(self, file: BinaryIO, archive: zipfile.ZipFile, member: zipfile.ZipInfo, found: npy.Layout) -> None:
        super().__init__(file, replace(found.header, windows=False))
        self.archive, self.member, self.found = archive, member, found

    def read(self) -> NDArray[Any]:
        if self.found.end != self.member.file_size or self.found.end > self.member.compress_size * _MOST_RATIO:
            size = f"{self.member.file_size:,} bytes"
            raise ImageError(f"it is truncated or damaged: its array of {size} does not hold {self.header}")
        flat = np.empty(self.header.height * self.header.width * self.header.channels, self.found.dtype)
        with _faults(), self.archive.open(self.member) as stream:
            stream.read(self.found.start)
            _fill(flat.view("u1").data, stream)
        shape = (self.header.height, self.header.width, self.header.channels)
        return np.ascontiguousarray(flat.reshape(shape, order=self.found.order), dtype=self.header.dtype)


def check(header: Header) -> None:
    """Every image fits."""


def encode(file: BinaryIO, image: NDArray[Any]) -> None:
    """Stored as it is, so that writing costs no more than NPY."""
    with zipfile.ZipFile(file, "w") as archive:
        member = zipfile.ZipInfo(f"{_IMAGE}.npy")  # of no date: the same image is the same file
        with archive.open(member, "w", force_zip64=True) as stream:
            npy.encode(stream, image)  # type: ignore[arg-type]


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except (ImageError, OSError, MemoryError):
        raise
    except Exception as error:  # the reader of archives meets damage with many kinds of error
        raise ImageError(f"its archive is damaged or truncated ({error or type(error).__name__})") from None


def _member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    arrays = {info.filename.removesuffix(".npy"): info for info in archive.infolist() if info.filename.endswith(".npy")}
    if not arrays:
        raise ImageError("its archive holds no array")
    if len(arrays) > 1 and _IMAGE not in arrays:
        names = ", ".join(repr(name) for name in sorted(arrays)[:8]) + ", ..." * (len(arrays) > 8)
        raise ImageError(f"it holds {len(arrays)} arrays ({names}): save the image alone, or name it {_IMAGE!r}")
    member = arrays.get(_IMAGE) or next(iter(arrays.values()))
    if member.flag_bits & 1:
        raise ImageError("its array is encrypted: save it without a password")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ImageError("its array is compressed in an unusual way: save it by numpy.savez_compressed")
    return member


def _fill(view: memoryview, stream: Any) -> None:
    """To the last byte that the archive promises, at which its checksum is compared."""
    while view:
        piece = stream.read(min(len(view), _PIECE))
        if not piece:
            raise ImageError("it is truncated: its end is missing")
        view[: len(piece)] = piece
        view = view[len(piece) :]
