"""NPZ: which of its arrays is the image, and what is refused before anything is inflated."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spectra.data.images import Header, read_header, read_image, write_image
from tests.data.files import Put, assert_refused, noise, npy, npz


def packed(name: str, content: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("dtype", ["uint8", ">u2", "<f4"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_the_only_array_is_the_image(put: Put, compressed: bool, dtype: str, order: Any) -> None:
    image = noise(5, 7, 3, dtype=np.dtype(dtype).newbyteorder("=").name)
    path = put(".npz", npz(whatever=np.asarray(image, dtype, order=order), compressed=compressed))
    assert read_header(path) == Header(5, 7, 3, image.dtype.name)
    read = read_image(path)
    assert read.dtype.isnative and read.flags.c_contiguous
    np.testing.assert_array_equal(read, image)


def test_of_several_the_one_named_image(put: Put) -> None:
    image = noise(5, 7)
    path = put(".npz", npz(mask=noise(2, 2), image=image, times=np.arange(3.0)))
    np.testing.assert_array_equal(read_image(path), image[..., None])


def test_several_of_other_names_are_refused_by_name(put: Put) -> None:
    assert_refused(put(".npz", npz(rgb=noise(2, 2), nir=noise(2, 2))), "2 arrays ('nir', 'rgb')", "name it 'image'")


def test_numpy_reads_what_is_written(tmp_path: Path) -> None:
    image = noise(5, 7, 9, dtype="float32")
    write_image(tmp_path / "a.npz", image)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as theirs:
        assert list(theirs) == ["image"]
        np.testing.assert_array_equal(theirs["image"], image)


def test_the_same_image_is_the_same_file(tmp_path: Path) -> None:
    for name in ("a.npz", "b.npz"):
        write_image(tmp_path / name, noise(5, 7, 3))
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_objects_are_never_opened(put: Put, tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "sprung",))

    file = io.BytesIO()
    np.savez(file, image=np.array([[Trap()]], dtype=object))
    assert_refused(put(".npz", file.getvalue()), "Python objects")
    assert not (tmp_path / "sprung").exists()


def header_of(shape: tuple[int, ...]) -> bytes:
    text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}}}\n".encode()
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(text)) + text


BOMBS = {
    "a header above the limit": (header_of((100_000, 100_000)), b"", "SPECTRA_MAX_PIXELS"),
    "far more than the header says": (npy(noise(4, 4)), b"\0", "does not hold"),
    "far less than the header says": (header_of((16_000, 16_000)), b"", "does not hold"),
    "a header without end": (b"\x93NUMPY\x02\0\xff\xff\xff\xff", b" ", "header cannot be read"),
}
"""How each begins, and what follows a hundred million times."""


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_refused_before_it_is_inflated(put: Put, kind: str) -> None:
    content, endless, words = BOMBS[kind]
    path = put(".npz", packed("image.npy", content + endless * 100_000_000))
    tracemalloc.start()
    try:
        assert_refused(path, words)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_sizes_that_the_archive_invents_are_seen_through(put: Put) -> None:
    """A directory that promises 256 million bytes, from a few."""
    data = bytearray(packed("image.npy", header_of((16_000, 16_000))))
    at = data.rindex(b"PK\1\2") + 24
    data[at : at + 4] = struct.pack("<I", len(header_of((16_000, 16_000))) + 16_000 * 16_000)
    assert_refused(put(".npz", bytes(data)), "16000×16000", "truncated or damaged")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("stray", [-1, 1, 100_000])
def test_more_or_fewer_bytes_than_the_image_has_are_refused(put: Put, method: int, stray: int) -> None:
    whole = npy(noise(40, 40))
    content = whole + bytes(stray) if stray > 0 else whole[:stray]
    assert_refused(put(".npz", packed("image.npy", content, method)), "40×40", "truncated or damaged")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_bytes_behind_those_that_the_archive_promises_break_its_checksum(put: Put, method: int) -> None:
    whole = npy(noise(40, 40))
    data = bytearray(packed("image.npy", whole + b"more", method))
    struct.pack_into("<I", data, data.rindex(b"PK\1\2") + 24, len(whole))
    assert_refused(put(".npz", bytes(data)), "archive is damaged")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (packed("readme.txt", b"hello"), "holds no array"),
        (packed("image.npy", npy(noise(3, 3)), zipfile.ZIP_BZIP2), "unusual way"),
        (packed("image.npy", npy(np.zeros((2, 2)))), "float64"),
        (packed("image.npy", npy(noise(3))), "1 axes"),
        (packed("image.npy", b"not an array"), "header cannot be read"),
        (npz(image=noise(30, 30))[:-30], "archive is damaged"),
    ],
)
def test_other_archives_are_refused_with_a_reason(put: Put, data: bytes, words: str) -> None:
    assert_refused(put(".npz", data), words)


def test_a_password_is_named(put: Put) -> None:
    data = bytearray(npz(image=noise(3, 3)))
    for start, field in ((0, 6), (data.rindex(b"PK\1\2"), 8)):
        data[start + field] |= 1
    assert_refused(put(".npz", bytes(data)), "encrypted")


@pytest.mark.parametrize("compressed", [False, True])
def test_a_wrong_bit_is_refused(put: Put, compressed: bool) -> None:
    image = noise(40, 40)
    data = bytearray(npz(image=image, compressed=compressed))
    data[len(data) // 2] ^= 1
    assert_refused(put(".npz", bytes(data)), "damaged")
