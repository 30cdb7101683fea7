"""Single formats: what their files may hold, and what is refused by name."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile

from spectra.data.images import Header, read_header, read_image, write_image
from spectra.errors import ImageError
from tests.data.files import (
    Put,
    assert_refused,
    chunk,
    encoded,
    lzw,
    noise,
    npy,
    png_of,
    smooth,
    tiff,
    tiff_by_hand,
)


class TestPng:
    @pytest.mark.parametrize(("depth", "dtype"), [(8, "uint8"), (16, "uint16")])
    def test_grey_and_alpha_are_two_channels(self, put: Put, depth: int, dtype: str) -> None:
        image = noise(3, 5, 2, dtype=dtype)
        rows = b"".join(b"\0" + row.astype(f">u{depth // 8}").tobytes() for row in image)
        path = put(".png", png_of(5, 3, depth, 4, rows))
        assert read_header(path) == Header(3, 5, 2, dtype)
        np.testing.assert_array_equal(read_image(path), image)

    @pytest.mark.parametrize(("key", "alpha"), [(b"", None), (b"\x07", 7)])
    def test_palettes_become_colours(self, put: Put, key: bytes, alpha: int | None) -> None:
        extra = [chunk(b"PLTE", bytes([1, 2, 3, 4, 5, 6])), *([chunk(b"tRNS", key)] if key else [])]
        path = put(".png", png_of(2, 1, 8, 3, b"\0\0\1", *extra))
        expected = [[1, 2, 3], [4, 5, 6]] if alpha is None else [[1, 2, 3, alpha], [4, 5, 6, 255]]
        np.testing.assert_array_equal(read_image(path), [expected])
        assert read_header(path).channels == len(expected[0])

    def test_a_transparent_colour_becomes_alpha(self, put: Put) -> None:
        path = put(".png", png_of(2, 1, 8, 2, b"\0\1\2\3\4\5\6", chunk(b"tRNS", b"\0\1\0\2\0\3")))
        np.testing.assert_array_equal(read_image(path), [[[1, 2, 3, 0], [4, 5, 6, 255]]])
        path = put(".png", png_of(2, 1, 16, 0, b"\0\1\2\3\4", chunk(b"tRNS", b"\3\4")))
        np.testing.assert_array_equal(read_image(path), [[[0x102, 65535], [0x304, 0]]])
        path = put(".png", png_of(2, 1, 4, 0, b"\0\x5f", chunk(b"tRNS", b"\0\5")))
        np.testing.assert_array_equal(read_image(path), [[[0x55, 0], [255, 255]]])

    def test_gamma_background_and_significant_bits_change_no_value(self, put: Put) -> None:
        image = noise(1, 4, 4, dtype="uint16")
        extra = [chunk(b"gAMA", struct.pack(">I", 30000)), chunk(b"sBIT", b"\x0c" * 4), chunk(b"bKGD", b"\1\2" * 3)]
        path = put(".png", png_of(4, 1, 16, 6, b"\0" + image.astype(">u2").tobytes(), *extra))
        np.testing.assert_array_equal(read_image(path), image)

    def test_interlaced_files_are_read(self, put: Put) -> None:
        image = noise(9, 11, 1)
        passes = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
        parts = [image[top::down, left::right, 0] for top, left, down, right in passes]
        rows = b"".join(b"\0" + row.tobytes() for part in parts if part.size for row in part)
        np.testing.assert_array_equal(read_image(put(".png", png_of(11, 9, 8, 0, rows, interlace=1))), image)

    def test_an_orientation_is_not_applied(self, put: Put) -> None:
        image = noise(3, 5, 3)
        rows = b"".join(b"\0" + row.tobytes() for row in image)
        exif = b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHIHH", 274, 3, 1, 6, 0) + bytes(4)
        np.testing.assert_array_equal(read_image(put(".png", png_of(5, 3, 8, 2, rows, chunk(b"eXIf", exif)))), image)

    def test_animations_are_refused(self, put: Put) -> None:
        frames = chunk(b"acTL", struct.pack(">II", 2, 0))
        assert_refused(put(".png", png_of(1, 1, 8, 0, b"\0\1", frames)), "several frames")

    def test_a_stream_that_ends_early_is_refused_although_its_checksums_hold(self, put: Put) -> None:
        assert_refused(put(".png", png_of(64, 64, 8, 0, bytes(65 * 40))), "cannot be decoded")

    def test_a_wrong_bit_is_refused(self, put: Put) -> None:
        data = bytearray(encoded(".png", noise(32, 32, 3)))
        data[len(data) // 2] ^= 1
        assert_refused(put(".png", bytes(data)), "checksum", "IDAT")

    @pytest.mark.parametrize(("channels", "dtype"), [(2, "uint8"), (5, "uint8"), (3, "float32")])
    def test_what_it_cannot_hold_is_refused_with_the_formats_that_can(
        self, tmp_path: Path, channels: int, dtype: str
    ) -> None:
        with pytest.raises(ImageError, match=r"write \.tif or \.npy"):
            write_image(tmp_path / "a.png", noise(2, 2, channels, dtype=dtype))
        assert list(tmp_path.iterdir()) == []


class TestJpeg:
    @pytest.mark.parametrize("progressive", [0, 1])
    @pytest.mark.parametrize("channels", [1, 3])
    def test_grey_is_one_channel_and_colour_three(self, put: Put, channels: int, progressive: int) -> None:
        image = smooth(20, 30, 3)[..., :channels]
        path = put(".jpg", encoded(".jpg", image.copy(), cv2.IMWRITE_JPEG_PROGRESSIVE, progressive))
        assert read_header(path) == Header(20, 30, channels, "uint8")
        expected = np.asarray(cv2.imread(str(path), cv2.IMREAD_UNCHANGED)).reshape(20, 30, channels)
        np.testing.assert_array_equal(read_image(path), expected[..., ::-1])

    def test_an_orientation_is_not_applied(self, put: Put) -> None:
        plain = encoded(".jpg", smooth(20, 30, 3))
        exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0" + struct.pack("<HHIHH", 274, 3, 1, 6, 0) + bytes(4)
        turned = plain[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + plain[2:]
        trap = cv2.imdecode(np.frombuffer(turned, np.uint8), cv2.IMREAD_COLOR)
        assert trap is not None and trap.shape == (30, 20, 3)
        expected = read_image(put(".jpg", plain))
        np.testing.assert_array_equal(read_image(put(".jpg", turned)), expected)

    def test_bytes_behind_the_end_do_no_harm(self, put: Put) -> None:
        plain = encoded(".jpg", smooth(20, 30, 3), cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
        expected = read_image(put(".jpg", plain))
        np.testing.assert_array_equal(read_image(put(".jpg", plain + b"\0\0camera notes")), expected)

    def test_the_end_of_a_thumbnail_is_not_the_end(self, put: Put) -> None:
        plain = encoded(".jpg", smooth(64, 64, 3))
        data = plain[:2] + b"\xff\xe1\x00\x06\xff\xd9\xff\xd9" + plain[2:-200]
        assert_refused(put(".jpg", data), "truncated")

    @pytest.mark.parametrize(
        ("frame", "precision", "channels", "words"),
        [(0xC0, 8, 4, "CMYK"), (0xC1, 12, 1, "12 bits"), (0xC3, 8, 1, "rare kind"), (0xC0, 8, 2, "2 channels")],
    )
    def test_other_kinds_are_refused_by_name(
        self, put: Put, frame: int, precision: int, channels: int, words: str
    ) -> None:
        body = struct.pack(">BHHB", precision, 8, 8, channels) + bytes(3 * channels)
        data = b"\xff\xd8\xff" + bytes([frame]) + struct.pack(">H", len(body) + 2) + body + b"\xff\xd9"
        assert_refused(put(".jpg", data), words, "convert it to")


class TestTiff:
    @pytest.mark.parametrize(
        "options",
        [
            {"planarconfig": "contig"},
            {"planarconfig": "contig", "compression": "zlib", "predictor": True},
            {"planarconfig": "contig", "tile": (16, 16)},
            {"planarconfig": "contig", "bigtiff": True},
            {"planarconfig": "contig", "byteorder": ">"},
            {"planarconfig": "contig", "rowsperstrip": 3},
            {"planarconfig": "separate"},
            {"planarconfig": "separate", "rowsperstrip": 3, "compression": "zlib"},
            {"metadata": {"axes": "CYX"}},
        ],
    )
    @pytest.mark.parametrize("channels", [3, 7])
    def test_bands_come_last_however_they_are_stored(self, put: Put, options: dict[str, Any], channels: int) -> None:
        image = noise(19, 23, channels, dtype="uint16")
        stored = image if options.get("planarconfig") == "contig" else np.moveaxis(image, 2, 0)
        path = put(".tif", tiff(np.ascontiguousarray(stored), photometric="minisblack", **options))
        assert read_header(path) == Header(19, 23, channels, "uint16")
        np.testing.assert_array_equal(read_image(path), image)

    @pytest.mark.parametrize("dtype", ["uint8", "uint16"])
    @pytest.mark.parametrize("channels", [1, 3, 4])
    def test_lzw_keeps_every_bit(self, put: Put, channels: int, dtype: str) -> None:
        image = noise(9, 13, channels, dtype=dtype)
        np.testing.assert_array_equal(read_image(put(".tif", tiff_by_hand(image, 5, lzw(image.tobytes())))), image)

    @pytest.mark.parametrize(
        ("channels", "tags"),
        [(2, {}), (5, {}), (4, {"t338": 2}), (3, {"t274": 3})],
        ids=["two bands", "five bands", "straight alpha", "turned"],
    )
    def test_lzw_is_neither_multiplied_nor_turned(self, put: Put, channels: int, tags: dict[str, int]) -> None:
        image = noise(9, 13, channels)
        data = tiff_by_hand(image, 5, lzw(image.tobytes()), **tags)
        np.testing.assert_array_equal(read_image(put(".tif", data)), image)

    def test_the_hand_written_container_is_sound(self, put: Put) -> None:
        image = noise(9, 13, 5, dtype="uint16")
        np.testing.assert_array_equal(read_image(put(".tif", tiff_by_hand(image, 1, image.tobytes()))), image)

    def test_pages_that_are_not_bands_are_refused(self, put: Put) -> None:
        assert_refused(put(".tif", tiff(noise(4, 8, 8), photometric="minisblack")), "4 pages", "'axes': 'CYX'")

    def test_smaller_copies_of_the_image_are_passed_over(self, tmp_path: Path) -> None:
        image = noise(64, 64, 3)
        with tifffile.TiffWriter(tmp_path / "pyramid.tif") as file:
            file.write(image, photometric="rgb", metadata=None)
            file.write(image[::2, ::2], photometric="rgb", subfiletype=1, metadata=None)
        np.testing.assert_array_equal(read_image(tmp_path / "pyramid.tif"), image)

    def test_white_as_zero_is_turned_round(self, put: Put) -> None:
        image = noise(5, 6, dtype="uint16")
        path = put(".tif", tiff(image, photometric="miniswhite"))
        np.testing.assert_array_equal(read_image(path)[..., 0], 65535 - image)

    def test_palettes_are_refused(self, put: Put) -> None:
        colours = noise(3, 256, dtype="uint16")
        path = put(".tif", tiff(noise(5, 6), photometric="palette", colormap=colours))
        assert_refused(path, "PALETTE", "convert")

    def test_strips_beyond_the_end_are_refused(self, put: Put) -> None:
        image = noise(9, 13, 3)
        assert_refused(put(".tif", tiff_by_hand(image, 5, lzw(image.tobytes()), t279=10**6)), "beyond its end")

    def test_left_out_strips_are_refused(self, put: Put) -> None:
        data = bytearray(tiff_by_hand(noise(4, 4, 1), 1, bytes(16)))
        at = data.index(struct.pack("<HHI", 279, 4, 1)) + 8
        data[at : at + 4] = bytes(4)
        assert_refused(put(".tif", bytes(data)), "sparse or damaged")


class TestNpy:
    @pytest.mark.parametrize("dtype", ["uint8", "<u2", ">u2", "<f4", ">f4"])
    @pytest.mark.parametrize("order", ["C", "F"])
    def test_any_order_of_bytes_and_axes_is_read(self, put: Put, dtype: str, order: Any) -> None:
        image = noise(3, 5, 4, dtype=np.dtype(dtype).newbyteorder("=").name)
        read = read_image(put(".npy", npy(np.asarray(image, dtype, order=order))))
        assert read.dtype == image.dtype and read.dtype.isnative and read.flags.c_contiguous
        np.testing.assert_array_equal(read, image)

    def test_two_axes_are_one_channel(self, put: Put) -> None:
        image = noise(3, 5)
        np.testing.assert_array_equal(read_image(put(".npy", npy(image))), image[..., None])

    def test_objects_are_never_opened(self, put: Put, tmp_path: Path) -> None:
        class Trap:
            def __reduce__(self) -> tuple[Any, ...]:
                return (Path.touch, (tmp_path / "sprung",))

        file = io.BytesIO()
        np.save(file, np.array([[Trap()]], dtype=object), allow_pickle=True)
        assert_refused(put(".npy", file.getvalue()), "Python objects")
        assert not (tmp_path / "sprung").exists()

    @pytest.mark.parametrize("shape", [(), (4,), (1, 2, 3, 4)])
    def test_other_numbers_of_axes_are_refused(self, put: Put, shape: tuple[int, ...]) -> None:
        assert_refused(put(".npy", npy(np.zeros(shape, np.uint8))), f"{len(shape)} axes")

    @pytest.mark.parametrize(
        ("dtype", "remedy"),
        [
            ("uint32", "24 of its 32"),
            ("int32", "24 of its 32"),
            ("int64", "uint16"),
            ("uint64", "uint16"),
            ("int16", "negative"),
            ("int8", "negative"),
            ("float64", "seven digits"),
            ("float16", "every float16 exactly"),
            ("bool", "* 255"),
            ("complex64", "magnitude"),
            ("datetime64[s]", "save the image as"),
        ],
    )
    def test_other_numbers_are_refused_with_the_loss_and_the_remedy(self, put: Put, dtype: str, remedy: str) -> None:
        assert_refused(put(".npy", npy(np.zeros((2, 2), dtype))), dtype.split("[")[0], remedy)


@pytest.mark.parametrize("dtype", ["uint32", "int16", "float64", "float16"])
def test_other_numbers_in_a_tiff_are_refused_too(put: Put, dtype: str) -> None:
    assert_refused(put(".tif", tiff(np.zeros((2, 2), dtype))), dtype, "save it as")


@pytest.mark.parametrize(
    "tail", [b"", b"\xff", b"\xff\xff", b"\xd8", b"\x01\xff", b"\xe0", b"\xe0\0\1", b"\xc0\0\7", b"\xd9"]
)
def test_a_jpeg_that_ends_among_its_markers_is_refused(put: Put, tail: bytes) -> None:
    assert_refused(put(".jpg", b"\xff\xd8\xff" + tail), "damaged")


@pytest.mark.parametrize("size", [2**17 - 1, 2**17, 2**17 + 1])
def test_files_about_the_size_that_is_read_at_once_are_read_alike(put: Put, size: int) -> None:
    image = smooth(40, 50, 3)
    data = encoded(".png", image)
    stray = chunk(b"noTe", bytes(size - len(data) - 12))
    path = put(".png", data[:33] + stray + data[33:])
    assert path.stat().st_size == size
    np.testing.assert_array_equal(read_image(path), image[..., ::-1])


@pytest.mark.parametrize("count", [1, 2, 5])
def test_bytes_of_ones_may_stand_before_a_jpeg_marker(put: Put, count: int) -> None:
    plain = encoded(".jpg", smooth(20, 30, 3))
    filled = put(".jpg", plain[:2] + b"\xff" * count + plain[2:])
    np.testing.assert_array_equal(read_image(filled), read_image(put(".jpg", plain)))


def test_a_png_that_ends_within_a_note_is_truncated(put: Put) -> None:
    data = encoded(".png", smooth(20, 30, 3))
    assert_refused(put(".png", data[:-12] + chunk(b"tEXt", bytes(500))[:300]), "truncated")
