"""Images through a model, file by file."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np
import pytest
import torch
from click.testing import CliRunner
from numpy.typing import NDArray

import spectra
from spectra.cli.main import main
from spectra.data.formats import png
from spectra.data.images import read_image, write_image
from spectra.errors import DataError, ModelError, SpectraError
from spectra.modalities import Modality, Scale, Task
from spectra.model import Model
from spectra.translation import stamp
from spectra.translation import translate as translation

ODD_NAMES = ["with space.png", "grün 红外 🌲.png", "two\nlines.png", "-dash.png", "[ab].png", "a.b.c.png", "quote'.png"]

KINDS = [
    *[(".png", dtype, channels) for dtype in ("uint8", "uint16") for channels in (1, 3, 4)],
    *[
        (suffix, dtype, channels)
        for suffix in (".tif", ".npy")
        for dtype in ("uint8", "uint16", "float32")
        for channels in (1, 2, 3, 4, 7)
    ],
]


def image(seed: int, channels: int = 3, dtype: str = "uint8", size: tuple[int, int] = (6, 9)) -> NDArray[Any]:
    values = np.random.default_rng(seed).random((*size, channels), dtype=np.float32)
    return values if dtype == "float32" else (values * np.iinfo(dtype).max).round().astype(dtype)


def make(folder: Path, *names: str, channels: int = 3) -> Path:
    for seed, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_image(path, image(seed, channels))
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "spectra.json"
    }


def seed_of(path: Path, count: int) -> int:
    """Which of the made images a copy shows."""
    shown = read_image(path)
    return next(seed for seed in range(count) if np.array_equal(image(seed), shown))


@pytest.mark.parametrize(("suffix", "dtype", "channels"), KINDS)
def test_a_copy_is_bit_exact(tmp_path: Path, suffix: str, dtype: str, channels: int) -> None:
    write_image(tmp_path / f"a{suffix}", image(1, channels, dtype))
    done = spectra.translate("copy", tmp_path / f"a{suffix}", tmp_path / "out")
    assert (len(done.written), done.failed) == (1, [])
    again = read_image(tmp_path / "out" / f"a{suffix}")
    np.testing.assert_array_equal(again, image(1, channels, dtype))
    assert again.dtype == dtype


def test_the_grayscale_baseline_gives_the_same_as_its_formula(tmp_path: Path) -> None:
    make(tmp_path / "in", "a.png")
    spectra.translate("graydef", tmp_path / "in", tmp_path / "out", factor=1.2)
    expected = np.floor(np.clip(image(0).astype(float).sum(2) * 0.4, 0, 255) + 0.5)
    np.testing.assert_array_equal(read_image(tmp_path / "out" / "a.png")[..., 0], expected)


def test_a_folder_keeps_its_tree_and_leaves_hidden_files_out(tmp_path: Path) -> None:
    make(tmp_path / "in", "a.png", "deep/er/b.png", "deep/.hidden.png", ".cache/c.png")
    done = spectra.translate("copy", tmp_path / "in", tmp_path / "out")
    assert sorted(tree(tmp_path / "out")) == ["a.png", "deep/er/b.png"]
    assert sorted(done.written) == [tmp_path / "out" / "a.png", tmp_path / "out" / "deep" / "er" / "b.png"]


def test_every_result_stands_under_the_name_of_its_own_source(tmp_path: Path) -> None:
    names = [f"{number:02}.png" for number in range(24)]
    make(tmp_path / "in", *names)
    spectra.translate("copy", tmp_path / "in", tmp_path / "out", threads=4)
    assert [seed_of(tmp_path / "out" / name, 24) for name in names] == list(range(24))


def test_names_of_every_kind_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(make(tmp_path / "in", *ODD_NAMES))
    by_name = spectra.translate("copy", ODD_NAMES, tmp_path / "one")
    spectra.translate("copy", ".", tmp_path / "two")
    assert by_name.failed == []
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    assert sorted(tree(tmp_path / "one")) == sorted(ODD_NAMES)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("in/*.png", ["a.png"]),
        ("in/*/x?.png", ["one/x1.png", "two/x1.png", "two/x2.png"]),
        ("in/**/x1.png", ["one/x1.png", "two/more/x1.png", "two/x1.png"]),
        ("in/two/**", ["more/x1.png", "x1.png", "x2.png"]),
        ("in/[ot]*", ["one/x1.png", "two/more/x1.png", "two/x1.png", "two/x2.png"]),
        ("*/one/*", ["in/one/x1.png"]),
    ],
)
def test_a_pattern_keeps_the_tree_below_its_fixed_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str, expected: list[str]
) -> None:
    make(tmp_path / "in", "a.png", "one/x1.png", "two/x1.png", "two/x2.png", "two/more/x1.png", "two/.x3.png")
    (tmp_path / "in" / "one" / "notes.txt").write_text("no image")
    monkeypatch.chdir(tmp_path)
    spectra.translate("copy", pattern, "out")
    assert sorted(tree(tmp_path / "out")) == expected


def test_an_image_that_is_named_twice_is_translated_once(tmp_path: Path) -> None:
    make(tmp_path / "in", "a.png", "b.png")
    done = spectra.translate("copy", [tmp_path / "in", tmp_path / "in" / "a.png"], tmp_path / "out")
    assert len(done.written) == 2


def test_symlinks_that_lead_back_are_entered_once(tmp_path: Path) -> None:
    make(tmp_path / "in", "a.png", "sub/b.png")
    (tmp_path / "in" / "sub" / "back").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "self.png").symlink_to(tmp_path / "in" / "self.png")
    done = spectra.translate("copy", tmp_path / "in", tmp_path / "out")
    assert sorted(tree(tmp_path / "out")) == ["a.png", "sub/b.png"]
    assert [path.name for path, _ in done.failed] == ["self.png"]
    spectra.translate("copy", f"{tmp_path}/in/**/b.png", tmp_path / "two")
    assert list(tree(tmp_path / "two")) == ["sub/b.png"]


def test_results_within_the_folder_of_the_sources_are_not_translated_again(tmp_path: Path) -> None:
    make(tmp_path, "a.png", "sub/b.png")
    assert len(spectra.translate("copy", tmp_path, tmp_path / "out").written) == 2
    for source in (tmp_path, f"{tmp_path}/**/*.png"):
        assert len(spectra.translate("copy", source, tmp_path / "out").skipped) == 2
    assert sorted(tree(tmp_path / "out")) == ["a.png", "sub/b.png"]


def test_the_folder_of_the_sources_is_no_output_folder(tmp_path: Path) -> None:
    before = tree(make(tmp_path / "in", "a.png"))
    with pytest.raises(DataError, match="is the folder of the sources"):
        spectra.translate("copy", tmp_path / "in", tmp_path / "in")
    assert tree(tmp_path / "in") == before


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        (["x/a.png", "y/a.png"], "'x/a.png' and 'y/a.png' would both become 'out/a.png'"),
        (["x", "y"], "would both become"),
        (["x/a.png", "z"], "as a file and as a folder"),
    ],
)
def test_two_sources_of_one_result_are_refused_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sources: list[str], message: str
) -> None:
    make(tmp_path, "x/a.png", "y/a.png", "z/a.png/b.png")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=message):
        spectra.translate("copy", sources, "out")
    assert not (tmp_path / "out").exists()


def test_a_jpeg_and_a_png_of_one_name_are_such_a_pair(tmp_path: Path) -> None:
    make(tmp_path / "in", "a.png")
    cv2.imwrite(str(tmp_path / "in" / "a.jpg"), image(3))
    with pytest.raises(DataError, match="would both become"):
        spectra.translate("copy", tmp_path / "in", tmp_path / "out")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("nothing.png", "There is no file or folder 'nothing.png'"),
        ("nothing/*.png", "cannot be listed"),
        ("*.tif", "matches no image"),
        ("empty", "holds no image"),
        ("x" * 300, "There is no file or folder"),
        ([], "nothing to translate"),
    ],
)
def test_sources_that_hold_nothing_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, message: str
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=message):
        spectra.translate("copy", source, "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("depth", "dtype"), [(8, "uint8"), ("16", "uint16"), ("float", "float32"), (None, "uint16")])
def test_the_depth_is_that_asked_for_or_that_of_the_source(tmp_path: Path, depth: Any, dtype: str) -> None:
    write_image(tmp_path / "a.tif", image(0, 3, "uint16"))
    spectra.translate("copy", tmp_path / "a.tif", tmp_path / "out", depth=depth)
    assert read_image(tmp_path / "out" / "a.tif").dtype == dtype


@pytest.mark.parametrize(
    ("name", "options", "expected", "note"),
    [
        ("a.png", {"depth": "float"}, "a.tif", "PNG has no float32"),
        ("a.png", {"format": "npy"}, "a.npy", None),
        ("a.PNG", {}, "a.PNG", None),
        ("a.tiff", {}, "a.tiff", None),
        ("a.jpg", {}, "a.png", ".jpg files are written as .png"),
        ("a.jpg", {"depth": "float"}, "a.tif", "PNG has no float32"),
    ],
)
def test_the_suffix_is_kept_where_it_can_hold_the_result(
    tmp_path: Path, name: str, options: dict[str, Any], expected: str, note: str | None
) -> None:
    path = tmp_path / name
    cv2.imwrite(str(path), image(0)) if name.endswith("jpg") else write_image(path, image(0))
    done = spectra.translate("copy", path, tmp_path / "out", **options)
    assert list(tree(tmp_path / "out")) == [expected]
    assert len(done.notes) == (note is not None)
    assert note is None or note in done.notes[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depth": "float", "format": "png"}, "PNG has no float32"),
        ({"depth": 12}, "There is no depth 12"),
        ({"format": "jpg"}, "There is no format 'jpg'"),
        ({"device": "cuda:99"}, "There is no device 'cuda:99'"),
        ({"threads": 0}, "At least one thread"),
        ({"facto": 2}, "Did you mean 'factor'"),
        ({"task": "ir2rgb"}, "does not support the task"),
    ],
)
def test_options_that_cannot_be_met_are_refused_before_anything_is_written(
    tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    make(tmp_path / "in", "a.png")
    with pytest.raises(SpectraError, match=message):
        spectra.translate("graydef", tmp_path / "in", tmp_path / "out", **options)
    assert tree(tmp_path) == {f"in/{name}": data for name, data in tree(tmp_path / "in").items()}


def trained(folder: Path, target: str = "K 250..330", target_type: str | None = None, source: str = "dtype") -> Path:
    task = Task(Modality("rgb", 3, Scale.parse(source)), Modality("lwir", 1, Scale.parse(target)))
    translator = spectra.load("constant", task="rgb2ir").translator
    Model(type(translator)(task, translator.settings), "constant", trained=True, target_type=target_type).save(folder)
    return folder


def test_a_model_folder_writes_in_the_scale_and_type_of_its_targets(tmp_path: Path) -> None:
    make(tmp_path / "in", "a.png")
    done = spectra.translate(trained(tmp_path / "model", target_type="float32"), tmp_path / "in", tmp_path / "out")
    assert done.task == "rgb2lwir"
    assert (read_image(tmp_path / "out" / "a.tif") == 290).all()
    spectra.translate(tmp_path / "model", tmp_path / "in", tmp_path / "rounded", depth=16)
    assert (read_image(tmp_path / "rounded" / "a.png") == 290).all()


def test_a_type_that_nobody_chose_and_that_cannot_hold_the_scale_is_refused(tmp_path: Path) -> None:
    make(tmp_path / "in", "a.png")
    model = trained(tmp_path / "model")
    done = spectra.translate(model, tmp_path / "in", tmp_path / "out")
    assert "uint8 cannot hold the scale `K 250..330`" in done.failed[0][1]
    with pytest.raises(SpectraError, match="uint8 cannot hold the scale"):
        spectra.translate(model, tmp_path / "in", tmp_path / "other", depth=8)


def test_pixels_without_data_are_written_as_the_target_marks_them(tmp_path: Path) -> None:
    array = image(0)
    array[2, 3] = 0
    write_image(tmp_path / "a.png", array)
    marked = trained(tmp_path / "marked", "K 250..330 nodata 7", "uint16", source="dtype nodata 0")
    spectra.translate(marked, tmp_path / "a.png", tmp_path / "out")
    result = read_image(tmp_path / "out" / "a.png")[..., 0]
    assert result[2, 3] == 7
    assert (result == 290).sum() == result.size - 1
    unmarked = trained(tmp_path / "unmarked", "K 250..330", "uint16", source="dtype nodata 0")
    assert (
        "1 images have pixels without data" in spectra.translate(unmarked, tmp_path / "a.png", tmp_path / "o").notes[0]
    )


def test_values_beyond_the_scale_are_clipped_and_told(tmp_path: Path) -> None:
    write_image(tmp_path / "a.npy", image(0, dtype="float32") * 3)
    done = spectra.translate("copy", tmp_path / "a.npy", tmp_path / "out")
    assert done.notes == ["1 images held values outside their scale, and were clipped to it."]


@pytest.mark.parametrize("name", ["constant", "linear"])
def test_what_is_untrained_is_refused_by_name(tmp_path: Path, name: str) -> None:
    make(tmp_path / "in", "a.png")
    with pytest.raises(SpectraError, match=f"'{name}' is not trained.*spectra run"):
        spectra.translate(name, tmp_path / "in", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("channels", "task"), [(1, "gray2gray"), (2, "ms22ms2"), (3, "rgb2rgb"), (5, "ms52ms5")])
def test_a_ready_name_without_home_takes_its_modality_from_the_first_file(
    tmp_path: Path, channels: int, task: str
) -> None:
    write_image(tmp_path / "a.tif", image(0, channels))
    assert spectra.translate("inverse", tmp_path / "a.tif", tmp_path / "out").task == task


def test_a_home_task_is_taken_where_a_file_fits_and_other_files_are_failures(tmp_path: Path) -> None:
    make(tmp_path / "in", "a.png", "d.png", channels=1)
    make(tmp_path / "in", "b.png")
    write_image(tmp_path / "in" / "c.png", image(0, 4))
    (tmp_path / "in" / "0.png").write_bytes(b"no image")
    done = spectra.translate("graydef", tmp_path / "in", tmp_path / "out")
    assert [path.name for path in done.written] == ["b.png"]
    assert [path.name for path, _ in done.failed] == ["0.png", "a.png", "c.png", "d.png"]
    assert "'a.png' has 1 channel, where rgb means 3" in done.failed[1][1].replace(f"{tmp_path}/in/", "")


def test_files_that_fit_no_home_task_are_told_with_the_way_out(tmp_path: Path) -> None:
    make(tmp_path / "in", "a.png", channels=1)
    with pytest.raises(DataError, match=r"made for rgb2ir; --task says another"):
        spectra.translate("graydef", tmp_path / "in", tmp_path / "out")
    assert spectra.translate("graydef", tmp_path / "in", tmp_path / "out", task="sar2ir").task == "sar2ir"


def bad_files(folder: Path) -> None:
    folder.mkdir()
    whole = folder / "a.png"
    write_image(whole, image(0))
    content = whole.read_bytes()
    (folder / "empty.png").write_bytes(b"")
    (folder / "truncated.png").write_bytes(content[:-30])
    (folder / "misnamed.tif").write_bytes(content)
    (folder / "huge.png").write_bytes(content[:16] + b"\x7f\xff\xff\xff" * 2 + content[24:])
    nan, infinite = image(0, dtype="float32"), image(0, dtype="float32")
    nan[0, 0, 0], infinite[3, 3, 2] = np.nan, np.inf
    write_image(folder / "nan.npy", nan)
    write_image(folder / "infinite.tif", infinite)
    np.save(folder / "double.npy", np.zeros((3, 3, 3)))
    write_image(folder / "z.png", image(1))


def test_each_unreadable_image_is_listed_with_its_reason_and_the_others_go_on(tmp_path: Path) -> None:
    bad_files(tmp_path / "in")
    done = spectra.translate("copy", tmp_path / "in", tmp_path / "out")
    assert sorted(tree(tmp_path / "out")) == ["a.png", "z.png"]
    reasons = {path.name: reason for path, reason in done.failed}
    assert sorted(reasons) == sorted(
        ["double.npy", "empty.png", "huge.png", "infinite.tif", "misnamed.tif", "nan.npy", "truncated.png"]
    )
    assert all(name in reason for name, reason in reasons.items())
    assert "NaN or infinite" in reasons["nan.npy"]
    assert "zero bytes" in reasons["empty.png"]


def test_a_translator_that_raises_or_gives_nan_fails_for_that_image_alone(tmp_path: Path) -> None:
    class Moody(spectra.Translator):
        def forward(self, source: torch.Tensor) -> torch.Tensor:
            if source.shape[-1] == 5:
                raise ValueError("too narrow")
            if source.shape[-1] == 8:
                raise MemoryError
            return source * (float("nan") if source.shape[-1] == 6 else 1)

    (tmp_path / "in").mkdir()
    for width in (5, 6, 7, 8):
        write_image(tmp_path / "in" / f"{width}.png", image(0, size=(4, width)))
    model = Model(Moody(Task.parse("rgb2rgb"), spectra.Config()), "copy", trained=True)
    done = spectra.translate(model, tmp_path / "in", tmp_path / "out")
    assert list(tree(tmp_path / "out")) == ["7.png"]
    assert "raised ValueError: too narrow" in done.failed[0][1]
    assert "gave values that are NaN" in done.failed[1][1]
    assert "8.png" in done.failed[2][1]


def test_a_network_gives_in_its_own_lane_what_it_gives_alone(tmp_path: Path) -> None:
    class Network(spectra.Translator):
        def __init__(self, task: Task, settings: spectra.Config) -> None:
            super().__init__(task, settings)
            self.layer = torch.nn.Conv2d(3, 1, 3, padding=1)

        def forward(self, source: torch.Tensor) -> torch.Tensor:
            return torch.sigmoid(self.layer(source))

    make(tmp_path / "in", *(f"{n}.png" for n in range(9)))
    model = Model(Network(Task.parse("rgb2ir"), spectra.Config()), "copy", trained=True)
    spectra.translate(model, tmp_path / "in", tmp_path / "out", depth="float", threads=3)
    for seed in range(9):
        source = torch.from_numpy(image(seed).astype(np.float32) / 255).permute(2, 0, 1)
        expected = model(source[None])[0, 0].detach().numpy()
        np.testing.assert_allclose(read_image(tmp_path / "out" / f"{seed}.tif")[..., 0], expected, atol=1e-6)


def test_the_same_work_goes_on_and_does_nothing_twice(tmp_path: Path) -> None:
    make(tmp_path / "in", "a.png", "b.png")
    spectra.translate("copy", tmp_path / "in", tmp_path / "out")
    times = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}
    make(tmp_path / "in", "c/c.png")
    done = spectra.translate("copy", tmp_path / "in", tmp_path / "out")
    assert ([path.name for path in done.written], len(done.skipped)) == (["c.png"], 2)
    assert all((tmp_path / "out" / name).stat().st_mtime_ns == time for name, time in times.items())


@pytest.mark.parametrize(
    ("other", "differing"),
    [
        ({"model": "inverse"}, "translator: copy there, inverse now"),
        ({"depth": 16}, "depth: as the source there, uint16 now"),
        ({"format": "tif"}, "format: as the source there, tif now"),
        ({"task": "rgb2ir"}, "task: rgb2rgb there, rgb2ir now"),
        ({"sources": "other"}, "sources: "),
    ],
)
def test_other_work_is_refused_in_the_same_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: dict[str, Any], differing: str
) -> None:
    make(tmp_path, "in/a.png", "other/a.png")
    monkeypatch.chdir(tmp_path)
    first: dict[str, Any] = {"model": "copy", "sources": "in", "out": "out"}
    spectra.translate(**first)
    before = tree(tmp_path / "out")
    with pytest.raises(DataError, match=differing):
        spectra.translate(**{**first, **other})
    assert tree(tmp_path / "out") == before


def test_other_settings_and_weights_are_other_work(tmp_path: Path) -> None:
    make(tmp_path / "in", "a.png")
    spectra.translate("graydef", tmp_path / "in", tmp_path / "out")
    with pytest.raises(DataError, match="settings: "):
        spectra.translate("graydef", tmp_path / "in", tmp_path / "out", factor=1.1)
    model = spectra.load("graydef")
    for buffer in model.buffers():
        buffer.mul_(2)
    with pytest.raises(DataError, match="weights: "):
        spectra.translate(model, tmp_path / "in", tmp_path / "out")


@pytest.mark.parametrize("stamp", [None, "{}", "no json", "[]"])
def test_files_that_are_not_ours_are_never_written_over(tmp_path: Path, stamp: str | None) -> None:
    make(tmp_path / "in", "a.png", "b.png")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "b.png").write_text("precious")
    if stamp is not None:
        (tmp_path / "out" / "spectra.json").write_text(stamp)
    with pytest.raises(DataError, match="another --out"):
        spectra.translate("copy", tmp_path / "in", tmp_path / "out")
    assert tree(tmp_path / "out") == {"b.png": b"precious"}


def test_a_source_that_changed_after_it_was_translated_is_a_failure(tmp_path: Path) -> None:
    make(tmp_path / "in", "a.png", "b.png")
    spectra.translate("copy", tmp_path / "in", tmp_path / "out")
    before = tree(tmp_path / "out")
    later = time.time() + 10
    os.utime(tmp_path / "in" / "b.png", (later, later))
    done = spectra.translate("copy", tmp_path / "in", tmp_path / "out")
    assert [path.name for path, _ in done.failed] == ["b.png"]
    assert "has changed since it was translated" in done.failed[0][1]
    assert tree(tmp_path / "out") == before


def test_a_source_from_the_future_has_not_changed(tmp_path: Path) -> None:
    make(tmp_path / "in", "a.png")
    later = time.time() + 1000
    os.utime(tmp_path / "in" / "a.png", (later, later))
    spectra.translate("copy", tmp_path / "in", tmp_path / "out")
    assert len(spectra.translate("copy", tmp_path / "in", tmp_path / "out").skipped) == 1


def fails_with(number: int) -> Callable[..., Any]:
    real = Path.replace

    def replace(path: Path, target: Path) -> Path:
        if target.suffix == ".png" and target.stem > "03":
            raise OSError(number, os.strerror(number), str(target))
        return real(path, target)

    return replace


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT, errno.EIO])
def test_a_disk_that_takes_no_more_ends_the_run_with_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    make(tmp_path / "in", *(f"{n:02}.png" for n in range(40)))
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fails_with(number))
        with pytest.raises(SpectraError, match=f"Stopped: .*cannot be written: {os.strerror(number)}"):
            spectra.translate("copy", tmp_path / "in", tmp_path / "out", threads=2)
    assert sorted(tree(tmp_path / "out")) == ["00.png", "01.png", "02.png", "03.png"]
    assert len(spectra.translate("copy", tmp_path / "in", tmp_path / "out").written) == 36


def test_a_folder_that_cannot_be_written_is_told_at_once(tmp_path: Path) -> None:
    make(tmp_path / "in", "a.png")
    (tmp_path / "file").write_text("")
    with pytest.raises(SpectraError, match="Nothing can be written into"):
        spectra.translate("copy", tmp_path / "in", tmp_path / "file" / "out")


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "No space left"),
        (OSError("9 requested and 3 written"), "9 req"),
    ],
)
def test_a_write_that_the_system_cuts_short_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: OSError, message: str
) -> None:
    make(tmp_path / "in", "a.png")

    def half(file: BinaryIO, image: NDArray[Any]) -> None:
        file.write(b"\x89PNG and a half")
        file.flush()
        raise fault

    monkeypatch.setattr(png, "encode", half)
    with pytest.raises(SpectraError, match=f"cannot be written: {message}"):
        spectra.translate("copy", tmp_path / "in", tmp_path / "out")
    assert tree(tmp_path / "out") == {}


def test_two_runs_into_one_folder_are_told_apart(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    make(tmp_path / "in", "a.png")
    refused: list[bool] = []

    def told(*_: object) -> None:
        with pytest.raises(DataError, match="Another `spectra translate` is at work"):
            spectra.translate("copy", tmp_path / "in", tmp_path / "out")
        refused.append(True)

    spectra.translate("copy", tmp_path / "in", tmp_path / "out", progress=told)
    assert refused == [True]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.png", "spectra.json"]


@pytest.mark.parametrize("moment", ["_require_no_output", "_write"])
def test_two_runs_that_start_at_once_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    pytest.importorskip("fcntl")
    make(tmp_path / "in", "a.png")
    refused: list[bool] = []
    real = getattr(stamp, moment)

    def interrupted(*arguments: Any) -> None:
        monkeypatch.setattr(stamp, moment, real)
        with pytest.raises(DataError, match="Another `spectra translate` is at work"):
            spectra.translate("inverse", tmp_path / "in", tmp_path / "out", task="rgb2rgb")
        refused.append(True)
        real(*arguments)

    monkeypatch.setattr(stamp, moment, interrupted)
    done = spectra.translate("copy", tmp_path / "in", tmp_path / "out")
    assert refused == [True] and len(done.written) == 1
    assert seed_of(tmp_path / "out" / "a.png", 1) == 0


@pytest.mark.parametrize("where", ["model", "source", "out"])
@pytest.mark.parametrize("name", ["x" * 300, "loop"])
def test_a_name_that_no_file_can_have_is_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("loop").symlink_to("loop")
    make(tmp_path / "in", "a.png")
    words = {"model": "graydef", "source": "in", "out": "o", where: name}
    result = CliRunner().invoke(main, ["translate", words["model"], words["source"], "--out", words["out"]])
    assert result.exit_code == 1 and isinstance(result.exception, SystemExit)
    assert name in result.output and "Traceback" not in result.output


def test_progress_counts_every_image_whatever_became_of_it(tmp_path: Path) -> None:
    bad_files(tmp_path / "in")
    told: list[tuple[str, int, int]] = []
    for _ in range(2):
        told.clear()
        spectra.translate("copy", tmp_path / "in", tmp_path / "out", progress=lambda *said: told.append(said))
        assert told == [("Translating", done, 9) for done in range(1, 10)]


def test_the_stamp_says_what_made_the_images(tmp_path: Path) -> None:
    make(tmp_path / "in", "a.png")
    model = spectra.load("graydef")
    model.notes = ("something was left out",)
    done = spectra.translate(model, tmp_path / "in", tmp_path / "out")
    said = json.loads((tmp_path / "out" / "spectra.json").read_text())
    assert (said["translator"], said["task"], said["settings"]["factor"]) == ("graydef", "rgb2ir", 1.3)
    assert said["notes"] == done.notes == ["something was left out"]


def test_a_model_takes_no_other_task_or_settings(tmp_path: Path) -> None:
    make(tmp_path / "in", "a.png")
    with pytest.raises(SpectraError, match="give it no others"):
        spectra.translate(spectra.load("graydef"), tmp_path / "in", tmp_path / "out", factor=2)
    with pytest.raises(ModelError, match="There is no model folder"):
        spectra.translate(tmp_path / "nothing", tmp_path / "in", tmp_path / "out")


def test_only_a_few_images_are_under_way_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path / "in", *(f"{n:02}.png" for n in range(60)))
    most = 0
    real = translation._Work._settle

    def settle(work: Any, limit: int) -> None:
        nonlocal most
        most = max(most, len(work.waiting))
        real(work, limit)

    monkeypatch.setattr(translation._Work, "_settle", settle)
    spectra.translate("copy", tmp_path / "in", tmp_path / "out", threads=2)
    assert 1 < most <= 5


KILLED = """
import os, signal, sys, time
import spectra
from pathlib import Path
from spectra.cli.errors import spoken

def told(what, done, total):
    if done == 7:
        os.kill(os.getpid(), getattr(signal, sys.argv[3]))

with spoken():
    spectra.translate("copy", sys.argv[1], sys.argv[2], threads=2, progress=told)
"""


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGINT"])
def test_killed_in_the_middle_and_started_again_is_as_if_never_killed(tmp_path: Path, name: str) -> None:
    make(tmp_path / "in", *(f"{n:03}.png" for n in range(60)))
    spectra.translate("copy", tmp_path / "in", tmp_path / "whole")
    ended = subprocess.run([sys.executable, "-c", KILLED, tmp_path / "in", tmp_path / "out", name], capture_output=True)
    assert ended.returncode != 0
    whole, half = tree(tmp_path / "whole"), tree(tmp_path / "out")
    if name == "SIGKILL":
        assert ended.returncode == -signal.SIGKILL
        half = {path: data for path, data in half.items() if not path.startswith(".")}
        (tmp_path / "out" / f".{'0a' * 8}.png").write_bytes(b"half")
    assert 0 < len(half) < 60
    assert all(whole[path] == data for path, data in half.items())
    done = spectra.translate("copy", tmp_path / "in", tmp_path / "out")
    assert len(done.skipped) == len(half)
    assert tree(tmp_path / "out") == whole
