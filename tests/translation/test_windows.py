"""Large images window by window: the same results as of the whole, and no trace of what was stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch.nn import functional

import spectra
from spectra.data import images
from spectra.data.catalogue import Window
from spectra.data.formats.header import Header
from spectra.data.formats.streams import open_stream
from spectra.data.images import read_image, write_image
from spectra.modalities import Task
from spectra.model import Model
from spectra.translation import windows
from tests.translation.images import image, tree


class Blurred(spectra.Translator):
    """The mean of a square, of which the rows of each block of `step` have a weight of their own."""

    api_version = 1
    radius, step = 3, 4

    @property
    def reach(self) -> int | None:
        return self.radius

    @property
    def multiple(self) -> int:
        return self.step

    def forward(self, source: torch.Tensor) -> torch.Tensor:
        side = 2 * self.radius + 1
        mean = functional.avg_pool2d(source.mean(1, keepdim=True), side, 1, self.radius)
        rows = torch.arange(source.shape[-2], dtype=source.dtype)[:, None] % self.step
        return mean * (1 + rows) / self.step


class Whole(Blurred):
    @property
    def reach(self) -> int | None:
        return None


def blurred(radius: int = 3, step: int = 4, kind: type[Blurred] = Blurred) -> Model:
    translator = kind(Task.parse("rgb2ir"), spectra.Config())
    translator.radius, translator.step = radius, step
    return Model(translator, "copy", trained=True)


@pytest.fixture
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "LARGE", 100)
    monkeypatch.setattr(windows, "WINDOW", 400)


sides = st.integers(1, 90)


@given(sides, sides, sides, sides, st.integers(1, 3000))
def test_the_windows_cover_each_pixel_once_and_tear_no_block(
    h: int, w: int, rows: int, columns: int, most: int
) -> None:
    covered = np.zeros((h, w), int)
    for top, left, height, width in windows.planned(h, w, (rows, columns), most):
        covered[top : top + height, left : left + width] += 1
        assert top % rows == 0 and left % columns == 0
        assert height * width <= max(most, rows * min(columns, w)) or (height <= rows or width <= columns)
    assert (covered == 1).all()


@settings(max_examples=60, deadline=None)
@example(10, 10, 1, 4, 81)  # the last window is shorter than the padding
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 4), st.integers(1, 7), st.integers(25, 250))
def test_widened_windows_give_what_the_whole_gives(h: int, w: int, radius: int, step: int, most: int) -> None:
    model = blurred(radius, step).double()
    source = torch.rand(1, 3, h, w, dtype=torch.float64)
    whole = model(source)
    for window in windows.planned(h, w, (1, 1), most):
        wide = windows.widened(window, (h, w), radius, step)
        top, left, height, width = wide
        assert top >= 0 and left >= 0 and top + height <= h and left + width <= w
        found = model(source[..., top : top + height, left : left + width])[..., *windows.inner(window, wide)]
        top, left, height, width = window
        torch.testing.assert_close(
            found, whole[..., top : top + height, left : left + width], atol=1e-12, rtol=0, msg=str((window, wide))
        )


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("suffix", [".tif", ".npy"])
@pytest.mark.parametrize("name", ["copy", "graydef", "inverse", "blurred"])
def test_files_are_those_of_the_whole_byte_for_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, suffix: str, dtype: str
) -> None:
    source = tmp_path / f"a{suffix}"
    write_image(source, image(1, 3, dtype, (71, 53)))
    model: Any = blurred() if name == "blurred" else name
    spectra.translate(model, source, tmp_path / "whole")
    monkeypatch.setattr(windows, "LARGE", 100)
    monkeypatch.setattr(windows, "WINDOW", 400)
    told: list[tuple[str, int, int]] = []
    spectra.translate(model, source, tmp_path / "parts", progress=lambda *said: told.append(said))
    if name == "blurred":  # pooling adds up in another order
        whole, parts = (read_image(tmp_path / folder / source.name).astype(float) for folder in ("whole", "parts"))
        assert np.abs(whole - parts).max() <= (1e-6 if dtype == "float32" else 1)
    else:
        assert tree(tmp_path / "parts") == tree(tmp_path / "whole")
    counts = [done for what, done, _ in told if what == source.name]
    assert counts == list(range(1, len(counts) + 1)) and len(counts) > 5
    assert told[-1] == ("Translating", 1, 1)


@pytest.mark.parametrize("options", [{"tile": (16, 32)}, {"rowsperstrip": 7}, {"rowsperstrip": 7, "bigtiff": True}])
@pytest.mark.usefixtures("small_windows")
def test_tiles_and_strips_are_read_window_by_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    array = image(2, 3, "uint16", (70, 90))
    tifffile.imwrite(tmp_path / "a.tif", array, photometric="rgb", compression="zlib", predictor=True, **options)
    monkeypatch.setattr(images, "MAX_PIXELS", 2000)  # fewer than the image has
    done = spectra.translate("copy", tmp_path / "a.tif", tmp_path / "out")
    assert done.failed == []
    monkeypatch.undo()
    np.testing.assert_array_equal(read_image(tmp_path / "out" / "a.tif"), array)


@pytest.mark.parametrize(
    ("model", "options", "says"),
    [
        (blurred(kind=Whole), {}, "states no reach, and so needs whole images"),
        ("copy", {"format": "png"}, "--format tif goes window by window"),
    ],
)
@pytest.mark.usefixtures("small_windows")
def test_what_needs_the_whole_image_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: Any, options: dict[str, Any], says: str
) -> None:
    write_image(tmp_path / "a.tif", image(2, size=(70, 90)))
    monkeypatch.setattr(images, "MAX_PIXELS", 2000)
    done = spectra.translate(model, tmp_path / "a.tif", tmp_path / "out", **options)
    assert "more than the limit of 2,000 pixels" in done.failed[0][1]
    assert says in done.failed[0][1]


@pytest.mark.usefixtures("small_windows")
def test_a_window_that_cannot_be_translated_fails_the_image_and_leaves_nothing(tmp_path: Path) -> None:
    array = image(2, dtype="float32", size=(70, 90))
    array[-1, -1] = np.nan
    write_image(tmp_path / "in.tif", array)
    done = spectra.translate("copy", tmp_path / "in.tif", tmp_path / "out")
    assert "NaN or infinite" in done.failed[0][1]
    assert tree(tmp_path / "out") == {}


@pytest.mark.usefixtures("small_windows")
def test_an_interrupt_ends_the_image_between_two_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    true = spectra.Model.forward
    monkeypatch.setattr(spectra.Model, "forward", lambda model, source: (time.sleep(0.01), true(model, source))[1])
    write_image(tmp_path / "a.tif", image(2, size=(700, 900)))

    def impatient(what: str, done: int, count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        spectra.translate("copy", tmp_path / "a.tif", tmp_path / "out", progress=impatient)
    for _ in range(100):  # the thread ends by itself
        if not [path for path in (tmp_path / "out").iterdir() if path.suffix == ".tif"]:
            break
        signal.sigtimedwait([], 0.05)
    assert tree(tmp_path / "out").keys() <= {".spectra.lock"}


KILLED = """
import os, signal, sys, time
import spectra
from spectra.translation import windows

true = spectra.Model.forward
spectra.Model.forward = lambda model, source: (time.sleep(0.01), true(model, source))[1]  # or all would be done at once

windows.LARGE, windows.WINDOW = 100, 400
spectra.translate("copy", sys.argv[1], sys.argv[2], progress=lambda *said: os.kill(os.getpid(), signal.SIGKILL))
"""


def test_a_killed_translation_leaves_no_half_image_and_goes_on(tmp_path: Path) -> None:
    array = image(2, size=(900, 900))
    write_image(tmp_path / "a.tif", array)
    command = [sys.executable, "-c", KILLED, str(tmp_path / "a.tif"), str(tmp_path / "out")]
    killed = subprocess.run(command, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"}, timeout=120)
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "out" / "a.tif").exists()
    assert [path for path in (tmp_path / "out").iterdir() if path.suffix == ".tif"]  # hidden, and half
    assert len(spectra.translate("copy", tmp_path / "a.tif", tmp_path / "out").written) == 1
    assert [path.name for path in (tmp_path / "out").iterdir() if path.suffix == ".tif"] == ["a.tif"]
    np.testing.assert_array_equal(read_image(tmp_path / "out" / "a.tif"), array)


@pytest.mark.parametrize("size", [(3, 5), (60_000, 20_000)])
def test_a_tiff_beyond_four_gigabytes_is_a_bigtiff(tmp_path: Path, size: tuple[int, int]) -> None:
    """Made with holes, so that it takes no room."""
    with open_stream(tmp_path / "a.tif", Header(*size, 4, "uint8")) as stream:
        stream.write(Window(size[0] - 1, size[1] - 1, 1, 1), np.full((1, 1, 4), 7, np.uint8))
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        assert tif.is_bigtiff == (size[0] > 100)
        assert tif.pages.first.shape == (*size, 4)
    last = images.read_window(tmp_path / "a.tif", Window(size[0] - 1, size[1] - 2, 1, 2))
    np.testing.assert_array_equal(last[0], [[0] * 4, [7] * 4])
