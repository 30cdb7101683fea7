"""Image files of every format, made in memory, for tests that read them."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from spectra.data.formats import png
from spectra.data.images import read_image
from spectra.errors import ImageError

Array = NDArray[Any]
Put = Callable[[str, bytes], Path]


def noise(*shape: int, dtype: str = "uint8") -> Array:
    generator = np.random.default_rng(sum(shape))
    if dtype == "float32":
        return generator.normal(size=shape).astype(dtype)
    return generator.integers(0, np.iinfo(dtype).max, shape, endpoint=True).astype(dtype)


def smooth(*shape: int) -> Array:
    return np.asarray(cv2.GaussianBlur(noise(*shape), (0, 0), 2))


def encoded(suffix: str, image: Array, *options: int) -> bytes:
    return bytes(cv2.imencode(suffix, image, list(options))[1])


def tiff(image: Array, **options: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, image, **options)
    return file.getvalue()


def npy(image: Array) -> bytes:
    file = io.BytesIO()
    np.save(file, image)
    return file.getvalue()


def npz(compressed: bool = False, **arrays: Array) -> bytes:
    file = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(file, **arrays)
    return file.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_of(width: int, height: int, depth: int, colour: int, rows: bytes, *extra: bytes, interlace: int = 0) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))
    return b"".join((png.MAGIC[0], head, *extra, chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")))


def lzw(data: bytes) -> bytes:
    """Valid LZW that never uses its table: a clear code before each 200 literals."""
    codes = [code for at in range(0, len(data), 200) for code in (256, *data[at : at + 200])] + [257]
    bits = "".join(f"{code:09b}" for code in codes)
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8)


def tiff_by_hand(image: Array, compression: int, body: bytes, **tags: int) -> bytes:
    """Classic little-endian TIFF of one strip, for what tifffile does not write."""
    height, width, channels = image.shape
    depth = tags.pop("depth", image.itemsize * 8)
    photometric = tags.pop("photometric", 2 if channels > 2 else 1)
    values = {256: width, 257: height, 258: depth, 259: compression, 262: photometric, 273: 8, 277: channels}
    values |= {278: height, 279: len(body), 284: 1, **{int(name[1:]): value for name, value in tags.items()}}
    body += b"\0" * (len(body) % 2)
    depths = struct.pack(f"<{channels}H", *[depth] * channels)
    start = 8 + len(body) + len(depths)
    entries = b"".join(
        struct.pack("<HHII", tag, 3, channels, 8 + len(body))
        if tag == 258 and channels > 2
        else struct.pack("<HHIHH", tag, 3, channels, depth, depth)
        if tag == 258
        else struct.pack("<HHII", tag, 4, 1, value)
        for tag, value in sorted(values.items())
    )
    return b"II*\0" + struct.pack("<I", start) + body + depths + struct.pack("<H", len(values)) + entries + bytes(4)


def assert_refused(path: Path, *words: str) -> None:
    with pytest.raises(ImageError) as caught:
        read_image(path)
    for word in (path.name, *words):
        assert word in str(caught.value)
