"""A window of a file is the cut of its whole, however the file stores it, and nothing else is decoded for it."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spectra.data.catalogue import Window
from spectra.data.formats.tiff_segments import Segments
from spectra.data.images import OpenImage, read_header, read_image, read_window, write_image
from spectra.errors import ImageError
from tests.data.files import Array, Put, encoded, noise, npy, npz, smooth, tiff, tiff_by_hand

COMPRESSIONS = [None, "zlib", "lzw", "packbits", "zstd", "lzma"]
PREDICTORS = {"uint8": [1, 2], "uint16": [1, 2], "float32": [1, 3]}


@st.composite
def tiffs(draw: st.DrawFn) -> tuple[bytes, Array]:
    """A TIFF of any kind that tifffile writes, and the image it was made of."""
    dtype = draw(st.sampled_from(sorted(PREDICTORS)))
    image = noise(draw(st.integers(1, 70)), draw(st.integers(1, 70)), draw(st.integers(1, 6)), dtype=dtype)
    compression = draw(st.sampled_from(COMPRESSIONS))
    options: dict[str, Any] = {
        "compression": compression,
        "predictor": draw(st.sampled_from(PREDICTORS[dtype])) if compression else None,
        "byteorder": draw(st.sampled_from("<>")),
        "bigtiff": draw(st.booleans()),
        "photometric": "minisblack",
    }
    if draw(st.booleans()):
        options["tile"] = (draw(st.sampled_from([16, 32])), draw(st.sampled_from([16, 48])))
    else:
        options["rowsperstrip"] = draw(st.integers(1, 70))
    kinds = ["contig", "separate", *["stack"] * (image.shape[1] > 1)]  # the writer makes one page of narrow bands
    kind = draw(st.sampled_from(kinds)) if image.shape[2] > 1 else "one"
    match kind:
        case "contig":
            return tiff(image, planarconfig="contig", metadata=None, **options), image
        case "separate":
            return tiff(bands_first(image), planarconfig="separate", metadata=None, **options), image
        case "stack":
            return tiff(bands_first(image), metadata={"axes": "CYX"}, **options), image
    return tiff(image[..., 0], metadata=None, **options), image


def bands_first(image: Array) -> Array:
    return np.ascontiguousarray(np.moveaxis(image, 2, 0))


@st.composite
def others(draw: st.DrawFn) -> tuple[str, bytes, Array]:
    """A file of another format, and the image it was made of."""
    suffix = draw(st.sampled_from([".npy", ".npz", ".png"]))
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    if suffix == ".png":
        image = noise(height, width, draw(st.sampled_from([1, 3, 4])), dtype=draw(st.sampled_from(["uint8", "uint16"])))
        return (
            suffix,
            encoded(suffix, image[..., [2, 1, 0, 3][: image.shape[2]]] if image.shape[2] > 1 else image),
            image,
        )
    image = noise(height, width, draw(st.integers(1, 6)), dtype=draw(st.sampled_from(sorted(PREDICTORS))))
    kept = np.asarray(image, image.dtype.newbyteorder(draw(st.sampled_from("<>"))), order=draw(st.sampled_from("CF")))
    return suffix, npy(kept) if suffix == ".npy" else npz(image=kept, compressed=draw(st.booleans())), image


@st.composite
def windows(draw: st.DrawFn, image: Array) -> Window:
    height, width, _ = image.shape
    top, left = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
    return Window(top, left, draw(st.integers(1, height - top)), draw(st.integers(1, width - left)))


def cut(image: Array, window: Window) -> Array:
    return image[window.top :, window.left :][: window.height, : window.width]


def assert_cut(path: Path, image: Array, data: st.DataObject) -> None:
    np.testing.assert_array_equal(read_image(path), image)
    with OpenImage(path) as opened:
        for _ in range(3):
            window = data.draw(windows(image))
            np.testing.assert_array_equal(opened.read_window(window), cut(image, window))
            np.testing.assert_array_equal(read_window(path, window), cut(image, window))


law = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(tiffs(), st.data())
@law
def test_a_window_of_any_tiff_is_the_cut_of_what_was_written(
    put: Put, made: tuple[bytes, Array], data: st.DataObject
) -> None:
    assert_cut(put(".tif", made[0]), made[1], data)


@given(others(), st.data())
@settings(law, max_examples=60)
def test_so_is_one_of_png_npy_and_npz(put: Put, made: tuple[str, bytes, Array], data: st.DataObject) -> None:
    suffix, content, image = made
    assert_cut(put(suffix, content), image, data)


@pytest.mark.parametrize("colours", ["rgb", "ycbcr"])
def test_jpeg_in_tiff_is_cut_as_it_is_read(put: Put, colours: str) -> None:
    path = put(".tif", tiff(smooth(64, 96, 3), compression="jpeg", photometric=colours, tile=(32, 32), metadata=None))
    theirs, whole, window = cv2.imread(str(path), cv2.IMREAD_UNCHANGED), read_image(path), Window(20, 25, 30, 40)
    assert theirs is not None
    assert np.abs(theirs[..., ::-1].astype(int) - whole).mean() < 2  # decoders smooth colours at half size differently
    np.testing.assert_array_equal(read_window(path, window), cut(whole, window))


def test_jpeg_is_cut_as_it_is_read(put: Put) -> None:
    path, window = put(".jpg", encoded(".jpg", smooth(64, 96, 3))), Window(20, 25, 30, 40)
    np.testing.assert_array_equal(read_window(path, window), cut(read_image(path), window))


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_packed_bits_keep_their_scale_in_windows_too(put: Put, bits: int) -> None:
    image = noise(9, 14, 1, dtype="uint16") >> (16 - bits)
    lines = ["".join(f"{value:0{bits}b}" for value in line) for line in image[..., 0]]
    packed = b"".join(int(line + "0" * (-len(line) % 8), 2).to_bytes(-(-len(line) // 8)) for line in lines)
    path = put(".tif", tiff_by_hand(image, 1, packed, depth=bits))
    assert (read_header(path).dtype, read_header(path).bits) == ("uint16", bits)
    np.testing.assert_array_equal(read_image(path), image)
    np.testing.assert_array_equal(read_window(path, Window(2, 3, 5, 7)), image[2:7, 3:10])
    turned = put(".tif", tiff_by_hand(image, 1, packed, depth=bits, photometric=0))
    np.testing.assert_array_equal(read_image(turned), 2**bits - 1 - image)


@pytest.mark.parametrize(
    "window", [(0, 0, 5, 6), (0, 0, 4, 7), (-1, 0, 2, 2), (3, 5, 2, 1), (0, 0, 0, 2), (4, 0, 1, 1)]
)
@pytest.mark.parametrize("suffix", [".png", ".tif", ".npy"])
def test_windows_beyond_the_image_are_refused(tmp_path: Path, suffix: str, window: tuple[int, int, int, int]) -> None:
    write_image(tmp_path / f"a{suffix}", noise(4, 6, 3))
    with pytest.raises(ImageError, match=r"6×4 pixels.*window .* lies beyond"):
        read_window(tmp_path / f"a{suffix}", Window(*window))


def test_the_header_says_what_is_decoded_at_a_time(put: Put) -> None:
    image = noise(40, 50, 3)
    expected = {
        "tiles": (tiff(image, tile=(16, 32), compression="zlib"), (16, 32), True),
        "strips": (tiff(image, rowsperstrip=7, compression="zlib"), (7, 50), True),
        "one strip": (tiff(image, rowsperstrip=40, compression="zlib"), (40, 50), False),
        "one tile": (tiff(image, tile=(64, 64)), (64, 64), False),
        "nothing compressed": (tiff(image, rowsperstrip=40), (1, 50), True),
    }
    for data, block, whether in expected.values():
        header = read_header(put(".tif", data))
        assert (header.block, header.windows) == (block, whether)
    assert read_header(put(".npy", npy(image))).windows
    assert not read_header(put(".png", encoded(".png", image))).windows


class TestLimit:
    def test_a_window_of_a_file_above_the_limit_is_read(self, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
        image = noise(64, 64, 3)
        monkeypatch.setenv("SPECTRA_MAX_PIXELS", str(16 * 16))
        for path in (put(".tif", tiff(image, tile=(16, 16), compression="zlib")), put(".npy", npy(image))):
            np.testing.assert_array_equal(read_window(path, Window(9, 9, 16, 16)), image[9:25, 9:25])
            with pytest.raises(ImageError, match=r"limit of 256 pixels"):
                read_image(path)
            with pytest.raises(ImageError, match=r"16×17 pixels.*limit of 256 pixels"):
                read_window(path, Window(9, 9, 17, 16))

    def test_but_not_where_more_must_be_decoded_for_it(self, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SPECTRA_MAX_PIXELS", str(16 * 16))
        image = noise(64, 64, 3)
        for path in (
            put(".tif", tiff(image, tile=(32, 16), compression="zlib")),
            put(".png", encoded(".png", image)),
            put(".npz", npz(image=image)),
        ):
            with pytest.raises(ImageError, match=r"limit of 256 pixels"):
                read_window(path, Window(0, 0, 2, 2))


def test_only_what_the_window_touches_is_decoded(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(".tif", tiff(bands_first(noise(96, 96, 2)), planarconfig="separate", tile=(16, 16), compression="zlib"))
    touched: list[int] = []
    whole = Segments._require_block
    monkeypatch.setattr(Segments, "_require_block", lambda *given: (touched.append(given[2]), whole(*given))[1])
    read_window(path, Window(20, 20, 10, 20))
    assert touched == [16, 16, 16, 16]  # two tiles a plane


def test_damage_elsewhere_does_not_hinder_a_window(put: Put) -> None:
    image = noise(64, 64, 1)
    data = bytearray(tiff(image[..., 0], tile=(16, 16), compression="zlib"))
    with tifffile.TiffFile(io.BytesIO(data)) as tif:
        at = tif.pages.first.dataoffsets[-1]
    data[at : at + 8] = b"damaged!"
    path = put(".tif", bytes(data))
    np.testing.assert_array_equal(read_window(path, Window(0, 0, 48, 64)), image[:48])
    with pytest.raises(ImageError):
        read_window(path, Window(40, 40, 20, 20))


PEAK = """
import resource, sys
from pathlib import Path
import cv2, imagecodecs, tifffile
from spectra.data.catalogue import Window
from spectra.data.images import read_header, read_window
for name in ("LZW", "ZLIB", "LZMA", "ZSTD", "PACKBITS"):
    getattr(imagecodecs, name)
tifffile.TIFF.DECOMPRESSORS
read_window(Path(sys.argv[1]), Window(0, 0, 1, 1))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
image = read_window(Path(sys.argv[2]), Window(9_000, 11_111, 512, 512))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024, image.nbytes, int(image[0, 0, 0]))
"""


def large(path: Path, **options: Any) -> None:
    """20,000×20,000 of uint16, written tile by tile; each tile holds its own number."""
    tiles = (np.full((512, 512), at, np.uint16) for at in range(40 * 40))
    tifffile.imwrite(path, tiles, shape=(20_000, 20_000), dtype="uint16", tile=(512, 512), metadata=None, **options)


@pytest.mark.slow
@pytest.mark.parametrize("compression", [None, "zlib", "zstd"])
def test_a_window_of_a_huge_file_takes_the_memory_of_a_window(tmp_path: Path, compression: str | None) -> None:
    write_image(tmp_path / "small.tif", noise(4, 4, 1))
    large(tmp_path / "large.tif", compression=compression)
    command = [sys.executable, "-c", PEAK, tmp_path / "small.tif", tmp_path / "large.tif"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    peak, size, first = map(int, done.stdout.split())
    assert first == 9_000 // 512 * 40 + 11_111 // 512
    assert size == 512 * 512 * 2
    assert peak < 16 * 2**20


def test_opencv_reads_the_same_from_a_compressed_file(put: Put) -> None:
    """A reader by others' hands: libtiff, within OpenCV."""
    image = noise(33, 41, 3, dtype="uint16")
    for compression in ("zlib", "lzw", "packbits"):
        path = put(".tif", tiff(image, photometric="rgb", compression=compression, tile=(16, 16)))
        theirs = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert theirs is not None
        np.testing.assert_array_equal(read_image(path), theirs[..., ::-1])
