"""Damaged files: huge headers, garbage and truncations are refused, and never crash."""

from __future__ import annotations

import io
import json
import lzma
import struct
import subprocess
import sys
import time
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile

from spectra.data.images import read_header, read_image
from spectra.errors import ImageError
from tests.data.files import (
    Put,
    assert_refused,
    encoded,
    png_of,
    smooth,
    tiff,
    tiff_by_hand,
)
from tests.data.mutations import seeds
from tests.data.survivor import kilobytes


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


def lzma_with_dictionary(data: bytes, size: int) -> bytes:
    """`size` as the format writes it: 40 for 4 GiB."""
    kind = {"id": lzma.FILTER_LZMA2, "dict_size": 4096, "preset": 0}
    stream = bytearray(lzma.compress(data, lzma.FORMAT_XZ, filters=[kind]))
    stream[stream.index(b"\x21\x01", 12) + 2] = size
    end = 12 + 4 * (stream[12] + 1)
    struct.pack_into("<I", stream, end - 4, zlib.crc32(stream[12 : end - 4]))
    return bytes(stream)


def zstandard_with_window(data: bytes, exponent: int) -> bytes:
    """A frame of one block as it is, which asks for a window of 2^exponent bytes."""
    block = struct.pack("<I", len(data) << 3 | 1)[:3] + data
    return b"\x28\xb5\x2f\xfd\x80" + bytes([exponent - 10 << 3]) + struct.pack("<I", len(data)) + block


@pytest.mark.parametrize(
    ("compression", "compress", "size"),
    [
        (34925, lzma_with_dictionary, 36),
        (34925, lzma_with_dictionary, 40),
        (50000, zstandard_with_window, 31),
        (50000, zstandard_with_window, 41),
    ],
)
def test_a_huge_dictionary_takes_no_memory(
    put: Put, compression: int, compress: Callable[[bytes, int], bytes], size: int
) -> None:
    """Resident memory: addresses may be set aside for a dictionary that the few bytes never fill."""
    image = smooth(16, 16, 3)
    path = put(".tif", tiff_by_hand(image, compression, compress(image.tobytes(), size)))
    read_image(put(".tif", tiff(image, photometric="rgb", compression="lzma")))  # the libraries are loaded now
    Path("/proc/self/clear_refs").write_text("5")
    before = kilobytes("VmRSS")
    try:
        np.testing.assert_array_equal(read_image(path), image)
    except ImageError as error:
        assert path.name in str(error)
    assert kilobytes("VmHWM") - before < 8 * 1024


MOST_KIB = 64 * 1024  # for files of at most a few hundred kilobytes
FORMATS = [".png", ".jpg", ".tif", ".npy", ".npz"]


def survive(suffix: str, count: int, seed: int, folder: Path) -> None:
    """In a process of its own: what ends it, an error, a crash, a hang or too much memory, is told with the file."""
    command = [sys.executable, "-m", "tests.data.survivor", suffix, str(seed), str(count), str(folder)]
    done = subprocess.run(command, capture_output=True, cwd=Path(__file__).parents[2], check=False)
    *_, last = done.stdout.decode().split("\n")[:-1] or ["before the first"]
    assert done.returncode == 0, (
        f"{suffix}, seed {seed}, file {last}: {done.returncode}\n{done.stderr.decode()[-3000:]}"
    )
    told = json.loads(last)
    print(suffix, seed, told)
    assert told["read"] > 0 and told["refused"] + told["refused by its header"] > count // 10
    assert told["peak_kib"] < MOST_KIB


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_damaged_file_is_refused_or_read_but_never_crashes(suffix: str, tmp_path: Path) -> None:
    survive(suffix, count=100, seed=1, folder=tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("suffix", FORMATS)
def test_many_damaged_files_are_refused_or_read_but_never_crash(suffix: str, seed: int, tmp_path: Path) -> None:
    survive(suffix, count=2000, seed=100 + seed, folder=tmp_path)


@pytest.mark.parametrize("suffix", FORMATS)
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
