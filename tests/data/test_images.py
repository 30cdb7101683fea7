from __future__ import annotations

import ctypes
import errno
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spectra.data.formats import WRITABLE_BY_SUFFIX
from spectra.data.images import SUFFIXES, WRITABLE, find_images, read_header, read_image, write_image
from spectra.errors import ImageError

Array = NDArray[Any]
not_as_root = pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind the superuser")


def picture(*shape: int, dtype: str = "uint8") -> Array:
    return np.random.default_rng(7).integers(0, 256, shape or (4, 5, 3)).astype(dtype)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def message(path: Path) -> str:
    with pytest.raises(ImageError) as caught:
        read_image(path)
    with pytest.raises(ImageError):
        read_header(path)
    assert repr(str(path)) in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("suffix", sorted(WRITABLE))
def test_views_and_other_byte_orders_are_written_as_they_look(tmp_path: Path, suffix: str) -> None:
    image = picture(8, 10, 3, dtype="uint16")
    view = image.astype(">u2")[::-1, ::2]
    write_image(tmp_path / f"a{suffix}", view)
    np.testing.assert_array_equal(read_image(tmp_path / f"a{suffix}"), image[::-1, ::2])


def test_writing_leaves_the_array_alone(tmp_path: Path) -> None:
    image = picture()
    before = image.copy()
    write_image(tmp_path / "a.png", image)
    np.testing.assert_array_equal(image, before)


def test_red_is_first(tmp_path: Path) -> None:
    import cv2

    red = np.zeros((2, 2, 3), np.uint8)
    red[..., 2] = 200  # OpenCV keeps red last
    for name in ("a.png", "a.tif", "a.jpg"):
        cv2.imwrite(str(tmp_path / name), red)
        pixel = read_image(tmp_path / name)[0, 0].astype(int)
        assert pixel[0] > 190 and pixel[2] < 10


NAMES = [
    "with space.png",
    "日本 é.png",
    "line\nbreak.png",
    "-rf.png",
    "--help.png",
    "%s {0}.png",
    "UPPER.PNG",
    "a.b.c.png",
]


@pytest.mark.parametrize("name", [*NAMES, os.fsdecode(b"not-utf-8-\xff.png")])
def test_any_name_works(tmp_path: Path, name: str) -> None:
    image = picture()
    write_image(tmp_path / name, image)
    np.testing.assert_array_equal(read_image(tmp_path / name), image)
    assert find_images(tmp_path) == [tmp_path / name]


def test_an_existing_file_is_kept_unless_told_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    write_image(path, picture())
    with pytest.raises(ImageError, match="exists already"):
        write_image(path, picture() // 2)
    np.testing.assert_array_equal(read_image(path), picture())
    write_image(path, picture() // 2, overwrite=True)
    np.testing.assert_array_equal(read_image(path), picture() // 2)


@pytest.mark.parametrize(
    ("name", "image", "words"),
    [
        ("a.jpg", picture(), "JPEG loses bits.*npy, .npz, .png, .tif"),
        ("a.webp", picture(), "'.webp' is not known"),
        ("a", picture(), "'' is not known"),
        ("a.npy", picture(4, 5), "2 axes"),
        ("a.npy", picture(0, 5, 3), "no pixels"),
        ("a.tif", picture(dtype="uint32"), "uint32.*24 of its 32"),
        ("a.npy", picture(dtype="float64"), "float64.*seven digits"),
        ("none/a.png", picture(), "folder does not exist"),
    ],
)
def test_what_cannot_be_written_is_refused_with_a_reason(tmp_path: Path, name: str, image: Array, words: str) -> None:
    with pytest.raises(ImageError, match=words):
        write_image(tmp_path / name, image)
    assert names(tmp_path) == []


def test_jpeg_can_be_read_but_not_written() -> None:
    assert {".jpg", ".jpeg"} == SUFFIXES - WRITABLE


class TestBadFiles:
    def test_a_missing_file(self, tmp_path: Path) -> None:
        assert "No such file" in message(tmp_path / "a.png")

    def test_an_empty_file(self, tmp_path: Path) -> None:
        (tmp_path / "a.tif").touch()
        assert "empty (zero bytes)" in message(tmp_path / "a.tif")

    def test_a_folder(self, tmp_path: Path) -> None:
        (tmp_path / "a.png").mkdir()
        assert "it is a folder" in message(tmp_path / "a.png")

    def test_a_name_that_no_file_can_have(self, tmp_path: Path) -> None:
        assert "null character" in message(tmp_path / "a\0b.png")

    def test_a_pipe_is_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "a.png")
        assert "not a regular file" in message(tmp_path / "a.png")

    def test_a_symlink_to_itself(self, tmp_path: Path) -> None:
        (tmp_path / "a.png").symlink_to("a.png")
        assert "symbolic links" in message(tmp_path / "a.png")

    def test_an_unknown_suffix(self, tmp_path: Path) -> None:
        (tmp_path / "a.gif").write_bytes(b"GIF89a")
        assert "known are .jpeg, .jpg, .npy, .npz, .png, .tif, .tiff" in message(tmp_path / "a.gif")

    @not_as_root
    def test_a_file_without_permission(self, tmp_path: Path) -> None:
        write_image(tmp_path / "a.png", picture())
        (tmp_path / "a.png").chmod(0)
        assert "Permission denied" in message(tmp_path / "a.png")

    def test_a_name_with_a_line_break_keeps_the_message_on_one_line(self, tmp_path: Path) -> None:
        (tmp_path / "two\nlines.png").write_bytes(b"x")
        assert "two\\nlines.png" in message(tmp_path / "two\nlines.png")

    @pytest.mark.parametrize(
        ("start", "kind"),
        [
            (b"\xff\xd8\xff\xe0", "JPEG"),
            (b"II*\0", "TIFF"),
            (b"\x93NUMPY\x01\0", "NPY"),
            (b"GIF89a", "GIF"),
            (b"PK\x03\x04", "NPZ or other ZIP"),
            (b"\0\0\0\x1cftypheic", "HEIC"),
            (b"<!DOCTYPE html>", "HTML"),
            (b"\x80\x04\x95", "Python pickle"),
        ],
    )
    def test_a_wrong_name_is_told_from_the_content(self, tmp_path: Path, start: bytes, kind: str) -> None:
        (tmp_path / "a.png").write_bytes(start.ljust(64, b"\0"))
        assert f"it is a {kind}" in message(tmp_path / "a.png")
        assert "named .png: rename or convert it" in message(tmp_path / "a.png")

    def test_noise(self, tmp_path: Path) -> None:
        (tmp_path / "a.jpg").write_bytes(bytes(range(100, 200)))
        assert "it is no JPEG file: its first bytes are b'defghijk'" in message(tmp_path / "a.jpg")


class TestLimit:
    def test_the_limit_holds_to_the_pixel(self, tmp_path: Path) -> None:
        write_image(tmp_path / "a.png", picture(4, 5, 3))
        assert read_image(tmp_path / "a.png", max_pixels=20).shape == (4, 5, 3)
        with pytest.raises(ImageError, match=r"5×4 pixels, 3 channels, uint8.*limit of 19 pixels"):
            read_image(tmp_path / "a.png", max_pixels=19)

    def test_bands_beyond_four_count(self, tmp_path: Path) -> None:
        write_image(tmp_path / "a.npy", picture(4, 5, 9))
        assert read_image(tmp_path / "a.npy", max_pixels=60).shape == (4, 5, 9)
        with pytest.raises(ImageError, match="limit of 59"):
            read_image(tmp_path / "a.npy", max_pixels=59)

    def test_the_environment_sets_it_and_the_argument_comes_first(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_image(tmp_path / "a.png", picture(4, 5, 3))
        monkeypatch.setenv("SPECTRA_MAX_PIXELS", "19")
        with pytest.raises(ImageError, match=r"limit of 19 .* SPECTRA_MAX_PIXELS to a higher number"):
            read_image(tmp_path / "a.png")
        assert read_image(tmp_path / "a.png", max_pixels=20).shape == (4, 5, 3)

    @pytest.mark.parametrize("value", ["many", "-1", "1e9", "²"])
    def test_a_limit_that_is_no_number_is_named(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
    ) -> None:
        write_image(tmp_path / "a.png", picture())
        monkeypatch.setenv("SPECTRA_MAX_PIXELS", value)
        with pytest.raises(ImageError, match=f"SPECTRA_MAX_PIXELS is {value!r}, not a whole number"):
            read_image(tmp_path / "a.png")


class TestDisk:
    @pytest.mark.parametrize("suffix", sorted(WRITABLE))
    @pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO])
    def test_a_disk_that_fails_late_leaves_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, code: int
    ) -> None:
        form = WRITABLE_BY_SUFFIX[suffix]
        whole = form.encode

        def failing(file: Any, image: Array) -> None:
            whole(file, image)
            raise OSError(code, os.strerror(code))

        path = tmp_path / f"a{suffix}"
        write_image(path, picture())
        before = path.read_bytes()
        monkeypatch.setattr(form, "encode", failing)
        with pytest.raises(ImageError, match=os.strerror(code)):
            write_image(path, picture() // 2, overwrite=True)
        assert names(tmp_path) == [path.name]
        assert path.read_bytes() == before

    @pytest.mark.parametrize("suffix", sorted(WRITABLE))
    def test_a_real_limit_on_file_size_leaves_nothing(self, tmp_path: Path, suffix: str) -> None:
        program = (
            "import resource, signal, sys, numpy; from pathlib import Path;"
            "from spectra.data.images import write_image; from spectra.errors import ImageError;"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
            "image = numpy.random.default_rng(0).integers(0, 256, (300, 300, 3)).astype('uint8');"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000));\n"
            "try: write_image(Path(sys.argv[1]), image)\n"
            "except ImageError as error: print(error)"
        )
        path = tmp_path / f"a{suffix}"
        done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)
        assert f"The image {str(path)!r} cannot be written" in done.stdout
        assert names(tmp_path) == []

    def test_a_really_full_disk_leaves_nothing(self, tmp_path: Path) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        if not hasattr(libc, "mount") or libc.mount(b"none", os.fsencode(tmp_path), b"tmpfs", 0, b"size=64k") != 0:
            pytest.skip(f"a small disk cannot be mounted: {os.strerror(ctypes.get_errno())}")
        try:
            for suffix in sorted(WRITABLE):
                with pytest.raises(ImageError, match=r"cannot be written: (No space left|.* requested)"):
                    write_image(tmp_path / f"a{suffix}", picture(300, 300, 3))
                assert names(tmp_path) == []
        finally:
            libc.umount(os.fsencode(tmp_path))

    @not_as_root
    def test_a_folder_without_permission(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o500)
        try:
            with pytest.raises(ImageError, match="Permission denied"):
                write_image(tmp_path / "a.png", picture())
        finally:
            tmp_path.chmod(0o700)

    def test_an_interruption_leaves_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupted(file: Any, image: Array) -> None:
            file.write(b"half")
            raise KeyboardInterrupt

        monkeypatch.setattr(WRITABLE_BY_SUFFIX[".png"], "encode", interrupted)
        with pytest.raises(KeyboardInterrupt):
            write_image(tmp_path / "a.png", picture())
        assert names(tmp_path) == []


class TestFinding:
    def test_images_are_found_below_sorted_and_without_the_rest(self, tmp_path: Path) -> None:
        for name in ("b.png", "a/z.TIF", "a/.hidden.png", ".git/c.png", "notes.txt", "a/b/c.npy", "c.JPG"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        found = [path.relative_to(tmp_path).as_posix() for path in find_images(tmp_path)]
        assert found == ["a/b/c.npy", "a/z.TIF", "b.png", "c.JPG"]

    def test_symlink_loops_end_and_each_folder_is_entered_once(self, tmp_path: Path) -> None:
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "x.png").touch()
        (tmp_path / "a" / "up").symlink_to(tmp_path)
        (tmp_path / "b").symlink_to(tmp_path / "a")
        (tmp_path / "self").symlink_to("self")
        assert find_images(tmp_path) == [tmp_path / "a" / "x.png"]

    def test_linked_images_are_found(self, tmp_path: Path) -> None:
        (tmp_path / "a.png").touch()
        (tmp_path / "b.png").symlink_to("a.png")
        assert find_images(tmp_path) == [tmp_path / "a.png", tmp_path / "b.png"]

    def test_a_missing_folder_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(ImageError, match=r"The folder '.*none' cannot be listed: No such file"):
            find_images(tmp_path / "none")


def test_threads_read_and_write_beside_each_other(tmp_path: Path) -> None:
    image, faults = picture(64, 64, 3), []

    def work(number: int) -> None:
        for turn in range(5):
            path = tmp_path / f"{number}-{turn}.png"
            write_image(path, image)
            if not np.array_equal(read_image(path), image):
                faults.append(path)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == [] and len(find_images(tmp_path)) == 20


def test_the_import_loads_neither_codecs_nor_torch() -> None:
    program = "import spectra.data.images, sys; print({'cv2', 'tifffile', 'torch', 'PIL'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
