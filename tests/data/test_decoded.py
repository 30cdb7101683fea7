"""Decoded images kept on disk: the same arrays, decoded once, whatever becomes of files, entries and processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from spectra.data.cache import contents, decoded
from spectra.data.cache.decoded import DecodedReader
from spectra.data.catalogue import ImageFile, Window
from spectra.data.images import Header, read_image, write_image
from spectra.data.reader import Reader
from spectra.errors import ImageError
from tests.data.files import noise

Array = NDArray[Any]


class Counting(Reader):
    """Counts what is decoded: whole images by name, and windows."""

    def __init__(self) -> None:
        self.decoded: Counter[str] = Counter()
        self.windows: list[Window] = []

    def array(self, file: ImageFile, window: Window | None = None) -> Array:
        if window is None:
            self.decoded[file.path.name + file.part] += 1
        else:
            self.windows.append(window)
        return super().array(file, window)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(contents, "_FRESH", -3600.0)  # files just made may be trusted
    return tmp_path / "cache"


def reader_of(folder: Path, gigabytes: float = 1.0) -> tuple[DecodedReader, Counting]:
    counting = Counting()
    return DecodedReader(gigabytes, counting, folder), counting


def picture(path: Path, *shape: int, dtype: str = "uint8") -> ImageFile:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(path, noise(*shape, dtype=dtype), overwrite=True)
    return ImageFile(path)


def entries(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.pixels"))


@pytest.mark.parametrize(("suffix", "dtype"), [(".png", "uint8"), (".png", "uint16"), (".jpg", "uint8")])
def test_each_file_is_decoded_once_by_however_many_readers(
    tmp_path: Path, folder: Path, suffix: str, dtype: str
) -> None:
    files = [picture(tmp_path / f"{n}.png", 9 + n, 7, 3, dtype=dtype) for n in range(3)]
    if suffix == ".jpg":
        import cv2

        files = [ImageFile(tmp_path / f"{n}.jpg") for n in range(3)]
        for n, file in enumerate(files):
            cv2.imwrite(str(file.path), noise(9 + n, 7, 3))
    reader, counting = reader_of(folder)
    for _ in range(3):
        for file in files:
            image = reader.array(file)
            expected = read_image(file.path)
            assert image.dtype == expected.dtype and np.array_equal(image, expected)
    assert set(counting.decoded.values()) == {1} and len(counting.decoded) == 3
    later, counting = reader_of(folder)
    assert all(np.array_equal(later.array(file), read_image(file.path)) for file in files)
    assert not counting.decoded


def test_equal_contents_share_an_entry_and_halves_have_their_own(tmp_path: Path, folder: Path) -> None:
    file = picture(tmp_path / "a.png", 6, 8, 3)
    shutil.copy(file.path, tmp_path / "b.png")
    reader, counting = reader_of(folder)
    assert np.array_equal(reader.array(file), reader.array(ImageFile(tmp_path / "b.png")))
    whole = read_image(file.path)
    for _ in range(2):
        assert np.array_equal(reader.array(ImageFile(file.path, "left")), whole[:, :4])
        assert np.array_equal(reader.array(ImageFile(file.path, "right")), whole[:, 4:])
    assert counting.decoded == {"a.png": 1, "a.pngleft": 1, "a.pngright": 1} and len(entries(folder)) == 3
    assert reader.header(ImageFile(file.path, "left")) == Header(6, 4, 3, "uint8")


def test_a_file_under_a_wrong_suffix_is_refused_though_its_contents_are_known(tmp_path: Path, folder: Path) -> None:
    file = picture(tmp_path / "a.png", 10, 10, 3)
    reader, _ = reader_of(folder)
    reader.array(file)
    shutil.copy(file.path, tmp_path / "a.tif")
    with pytest.raises(ImageError, match=r"rename or convert"):
        reader.array(ImageFile(tmp_path / "a.tif"))


def test_a_file_that_changes_is_decoded_anew_even_if_size_and_time_are_as_before(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "a.tif"
    reader, _ = reader_of(folder)
    seen = []
    for value in (1, 2, 3):
        tifffile.imwrite(path, np.full((5, 5, 3), value, np.uint8), compression="zlib", photometric="rgb")
        os.utime(path, ns=(10**18, 10**18))
        seen.append((int(reader.array(ImageFile(path)).max()), path.stat().st_size))
    assert [value for value, _ in seen] == [1, 2, 3] and len({size for _, size in seen}) == 1


def test_a_file_just_written_is_hashed_each_time_as_its_time_may_not_show_a_change(tmp_path: Path) -> None:
    file = picture(tmp_path / "a.png", 5, 5, 3)
    known = contents.KnownFiles()
    first = known.contents(file.path)
    assert first is not None and known.digest(file.path, first) is not None
    assert known.contents(file.path) is not first


def test_arrays_cannot_be_written_to(tmp_path: Path, folder: Path) -> None:
    reader, _ = reader_of(folder)
    files = [picture(tmp_path / f"a{suffix}", 5, 6, 3) for suffix in (".png", ".npy", ".tif")]
    for file in [*files, *files]:
        for window in (None, Window(1, 1, 2, 2)):
            with pytest.raises(ValueError, match="read-only"):
                reader.array(file, window)[0, 0, 0] = 1


@pytest.mark.parametrize("suffix", [".png", ".npy", ".tif"])
def test_windows_are_those_of_the_image(tmp_path: Path, folder: Path, suffix: str) -> None:
    file = picture(tmp_path / f"a{suffix}", 20, 30, 3, dtype="uint16")
    reader, counting = reader_of(folder)
    whole = read_image(file.path)
    for _ in range(2):
        for top, left, height, width in ((0, 0, 20, 30), (3, 5, 7, 11), (19, 29, 1, 1)):
            image = reader.array(file, Window(top, left, height, width))
            assert np.array_equal(image, whole[top : top + height, left : left + width])
            assert image.base is None or image.base.nbytes <= image.nbytes * 30  # it does not hold the whole image
    assert sum(counting.decoded.values()) == (0 if suffix == ".npy" else 1)


def test_of_a_large_tiled_image_only_windows_are_read_and_nothing_is_kept(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoded, "WHOLE", 1000)
    path = tmp_path / "a.tif"
    image = noise(64, 64, 3)
    tifffile.imwrite(path, image, tile=(16, 16), compression="zlib", photometric="rgb")
    reader, counting = reader_of(folder)
    window = Window(10, 20, 8, 8)
    assert np.array_equal(reader.array(ImageFile(path), window), image[10:18, 20:28])
    assert counting.windows == [window] and not counting.decoded and not entries(folder)


@pytest.mark.parametrize("bands", [1, 3])
def test_what_is_not_compressed_is_read_directly_and_not_kept(tmp_path: Path, folder: Path, bands: int) -> None:
    plain, array = tmp_path / "a.tif", tmp_path / "a.npy"
    image = noise(12, 10, bands, dtype="uint16")
    tifffile.imwrite(plain, image[..., 0] if bands == 1 else image, photometric="rgb" if bands == 3 else "minisblack")
    write_image(array, image)
    reader, counting = reader_of(folder)
    for _ in range(3):
        assert np.array_equal(reader.array(ImageFile(plain)), image)
        assert np.array_equal(reader.array(ImageFile(array)), image)
    assert counting.decoded == {"a.tif": 1, "a.npy": 3} and not entries(folder)


def test_a_plain_file_that_grows_shorter_is_told_by_the_reader(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, noise(12, 10, 3), photometric="rgb")
    reader, counting = reader_of(folder)
    reader.array(ImageFile(path))
    tifffile.imwrite(path, noise(4, 4, 3), photometric="rgb")
    assert reader.array(ImageFile(path)).shape == (4, 4, 3) and counting.decoded["a.tif"] == 2


@pytest.mark.parametrize("planar", [False, True])
def test_other_ways_to_lie_in_a_tiff_are_not_mistaken_for_plain(tmp_path: Path, folder: Path, planar: bool) -> None:
    path, image = tmp_path / "a.tif", noise(12, 10, 3, dtype="uint16")
    if planar:
        tifffile.imwrite(path, np.moveaxis(image, 2, 0), photometric="rgb", planarconfig="separate")
    else:
        tifffile.imwrite(path, image, photometric="rgb", byteorder=">")
    reader, counting = reader_of(folder)
    for _ in range(3):
        assert np.array_equal(reader.array(ImageFile(path)), image)
    assert counting.decoded == {"a.tif": 1} and len(entries(folder)) == 1


def damage(path: Path, how: str) -> None:
    data = bytearray(path.read_bytes())
    if how == "pixel":
        data[100] ^= 1
    elif how == "header":
        data[40] ^= 1
    elif how == "magic":
        data[0] ^= 1
    path.write_bytes(data[: {"truncated": len(data) // 2, "start": 30, "empty": 0}.get(how, len(data))])


@pytest.mark.parametrize("how", ["pixel", "header", "magic", "truncated", "start", "empty", "longer", "folder"])
def test_a_damaged_entry_is_noticed_and_made_anew(tmp_path: Path, folder: Path, how: str) -> None:
    file = picture(tmp_path / "a.png", 10, 10, 3)
    reader_of(folder)[0].array(file)
    (entry,) = entries(folder)
    if how == "folder":
        entry.unlink()
        entry.mkdir()
    else:
        damage(entry, how)
        if how == "longer":
            entry.write_bytes(entry.read_bytes() + b"1")
    reader, counting = reader_of(folder)
    for _ in range(2):
        assert np.array_equal(reader.array(file), read_image(file.path))
    assert counting.decoded["a.png"] == (2 if how == "folder" else 1)
    assert bool(reader.notes) == (how == "folder")


def test_an_entry_of_another_image_under_its_name_is_not_taken(tmp_path: Path, folder: Path) -> None:
    files = [picture(tmp_path / "a.png", 8, 8, 3), picture(tmp_path / "b.png", 8, 8, 1)]
    files[1] = ImageFile(tmp_path / "b.png")
    for file in files:
        reader_of(folder)[0].array(file)
    one, other = entries(folder)
    shutil.copy(one, other)
    for file in files:
        assert np.array_equal(reader_of(folder)[0].array(file), read_image(file.path))


def test_a_map_that_is_open_survives_the_removal_of_its_entry(tmp_path: Path, folder: Path) -> None:
    file = picture(tmp_path / "a.png", 50, 50, 3)
    reader, _ = reader_of(folder)
    reader.array(file)
    image = reader.array(file)
    shutil.rmtree(folder)
    assert np.array_equal(image, read_image(file.path))


SAME_FILES = """
import sys
from pathlib import Path
from spectra.data.catalogue import ImageFile
from spectra.data.cache.decoded import DecodedReader
from spectra.data.images import read_image
from spectra.errors import ImageError
reader = DecodedReader(float(sys.argv[3]), folder=Path(sys.argv[2]))
for _ in range(3):
    for path in sorted(Path(sys.argv[1]).glob("*.png")):
        assert (reader.array(ImageFile(path)) == read_image(path)).all(), path
"""
KILLED = """
import os, signal, sys
from pathlib import Path
from spectra.data.cache import store
from spectra.data.catalogue import ImageFile
from spectra.data.cache.decoded import DecodedReader
def stop(*arguments, **options):
    real = atomic(*arguments, **options)
    class Stopping:
        def __enter__(self):
            path = real.__enter__()
            path.write_bytes(b"SPDECOD1 half of it")
            os.kill(os.getpid(), signal.SIGKILL)
        def __exit__(self, *error):
            pass
    return Stopping()
atomic, store.atomic = store.atomic, stop
DecodedReader(1.0, folder=Path(sys.argv[2])).array(ImageFile(Path(sys.argv[1])))
"""


def started(script: str, *arguments: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", script, *map(str, arguments)])


@pytest.mark.parametrize("gigabytes", [1.0, 20e-6])
def test_processes_that_fill_the_same_cache_at_once_do_each_other_no_harm(
    tmp_path: Path, folder: Path, gigabytes: float
) -> None:
    for n in range(12):
        picture(tmp_path / "images" / f"{n:02}.png", 20, 30 + n, 3)
    running = [started(SAME_FILES, tmp_path / "images", folder, gigabytes) for _ in range(2)]
    assert [process.wait() for process in running] == [0, 0]
    total = sum(entry.stat().st_size for entry in entries(folder))
    assert total <= gigabytes * 1e9 and (gigabytes < 1 or len(entries(folder)) == 12)


def test_a_writer_that_is_killed_leaves_nothing_that_is_taken_for_an_entry(tmp_path: Path, folder: Path) -> None:
    file = picture(tmp_path / "a.png", 10, 10, 3)
    assert started(KILLED, file.path, folder).wait() == -9
    (leftover,) = folder.glob(".*.pixels")
    os.utime(leftover, (0, 0))
    reader, counting = reader_of(folder)
    assert np.array_equal(reader.array(file), read_image(file.path)) and counting.decoded["a.png"] == 1
    reader_of(folder, gigabytes=600e-9)[0].array(picture(tmp_path / "b.png", 10, 10, 1))
    assert not leftover.exists()
