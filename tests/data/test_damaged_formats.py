"""Damaged files: huge headers, garbage and truncations are refused, and never crash."""

from __future__ import annotations

import io
import random
import struct
import time
import tracemalloc

import cv2
import numpy as np
import pytest
import tifffile

from spectra.data.images import read_header, read_image
from spectra.errors import ImageError
from tests.data.files import (
    Put,
    assert_refused,
    encoded,
    lzw,
    npy,
    png_of,
    smooth,
    tiff,
    tiff_by_hand,
)


def huge_npy(shape: str) -> bytes:
    text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}}}\n".encode()
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(text)) + text


def huge_jpeg(height: int, width: int) -> bytes:
    data = bytearray(encoded(".jpg", smooth(8, 8, 3)))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def huge_tiff(height: int, width: int) -> bytes:
    data = bytearray(tiff(smooth(8, 8, 3), photometric="rgb", compression="zlib", metadata=None))
    for tag, value in ((256, width), (257, height), (278, height)):
        at = next(
            data.index(struct.pack("<HHI", tag, kind, 1))
            for kind in (3, 4)
            if struct.pack("<HHI", tag, kind, 1) in data
        )
        data[at + 2 : at + 12] = struct.pack("<HII", 4, 1, value)
    return bytes(data)


BOMBS = {
    ".png": png_of(100_000, 100_000, 16, 6, b"\0"),
    ".jpg": huge_jpeg(65_000, 65_000),
    ".tif": huge_tiff(100_000, 100_000),
    ".npy": huge_npy("(100000, 100000)"),
}
HOLLOW = {  # below the limit, and yet far more than the file can hold
    ".png": png_of(16_000, 16_000, 16, 6, b"\0"),
    ".jpg": huge_jpeg(16_000, 16_000),
    ".tif": huge_tiff(16_000, 16_000),
    ".npy": huge_npy("(16000, 16000)"),
}


@pytest.mark.parametrize("suffix", BOMBS)
@pytest.mark.parametrize(
    ("files", "words"), [(BOMBS, ("268,435,456", "SPECTRA_MAX_PIXELS")), (HOLLOW, ("16000×16000",))]
)
def test_a_huge_header_is_refused_before_memory_is_taken(
    put: Put, suffix: str, files: dict[str, bytes], words: tuple[str, ...]
) -> None:
    path = put(suffix, files[suffix])
    read_header(path)  # the libraries are loaded now
    tracemalloc.start()
    start = time.perf_counter()
    try:
        assert_refused(path, *words)
        took, peak = time.perf_counter() - start, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert took < 0.1
    assert peak < 2**20


def test_a_band_count_is_counted_as_size(put: Put) -> None:
    assert_refused(put(".npy", huge_npy("(4, 4, 2000000000)")), "2000000000 channels", "limit")


def seeds() -> dict[str, list[bytes]]:
    """Good files of several kinds, by suffix."""
    image = smooth(24, 31, 3)
    bands = np.ascontiguousarray(np.moveaxis(image, 2, 0))
    return {
        ".png": [encoded(".png", picture) for picture in (image, image[..., 0].copy(), image.astype(np.uint16) * 257)],
        ".jpg": [
            encoded(".jpg", image),
            encoded(".jpg", image[..., 0].copy()),
            encoded(".jpg", image, cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
            encoded(".jpg", image, cv2.IMWRITE_JPEG_RST_INTERVAL, 2),
        ],
        ".tif": [
            tiff(image, photometric="rgb"),
            tiff(image, photometric="rgb", compression="zlib", predictor=True),
            tiff(image.astype(np.float32), photometric="rgb", tile=(16, 16)),
            tiff(bands, photometric="minisblack", metadata={"axes": "CYX"}),
            tiff(bands, photometric="rgb", planarconfig="separate", rowsperstrip=5),
            tiff(image, photometric="rgb", bigtiff=True),
            tiff_by_hand(image, 5, lzw(image.tobytes())),
        ],
        ".npy": [npy(image), npy(image.astype(">u2")), npy(np.asfortranarray(image.astype(np.float32)))],
    }


def mutated(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    at = chance.randrange(chance.choice([len(data), min(300, len(data))]))
    count = chance.choice([1, 2, 4, 50])
    match chance.randrange(4):
        case 0:
            changed[at : at + count] = chance.randbytes(len(changed[at : at + count]))
        case 1:
            del changed[at:]
        case 2:
            changed[at:at] = chance.randbytes(count)
        case 3:
            del changed[at : at + count]
    return bytes(changed)


def survive(put: Put, suffix: str, count: int, seed: int) -> None:
    """A mutated file is refused, or read as what its own header says; a PNG that is read is read right."""
    chance, good, refused = random.Random(seed), seeds()[suffix], 0
    right = [read_image(put(suffix, data)) for data in good]
    for _ in range(count):
        which = chance.randrange(len(good))
        path = put(suffix, mutated(good[which], chance))
        start = time.perf_counter()
        try:
            image = read_image(path)
        except ImageError as error:
            refused += 1
            assert path.name in str(error)
        else:
            assert image.ndim == 3 and image.dtype.name in ("uint8", "uint16", "float32")
            if suffix == ".png":
                np.testing.assert_array_equal(image, right[which])
        assert time.perf_counter() - start < 1
    assert refused > 0


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".npy"])
def test_garbage_is_refused_or_read_but_never_crashes(put: Put, suffix: str) -> None:
    survive(put, suffix, count=100, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".npy"])
def test_much_garbage_is_refused_or_read_but_never_crashes(put: Put, suffix: str, seed: int) -> None:
    survive(put, suffix, count=2000, seed=100 + seed)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".npy"])
def test_every_truncation_is_refused(put: Put, suffix: str) -> None:
    for data in seeds()[suffix]:
        for size in {*range(0, len(data) - 1, 101), len(data) - 2, len(data) // 2}:
            if suffix == ".tif" and size >= last_needed_byte(data):
                continue
            named = ["truncated"] if suffix == ".png" and size > 40 else []
            assert_refused(put(suffix, data[:size]), *named)


def last_needed_byte(data: bytes) -> int:
    """Behind its last strip, a TIFF may be padded."""
    with tifffile.TiffFile(io.BytesIO(data)) as tif:
        return max(
            int(offset + count)
            for page in tif.pages
            for offset, count in zip(page.dataoffsets, page.databytecounts, strict=True)
        )
