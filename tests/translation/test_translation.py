"""Images through a model, file by file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

import spectra
from spectra.data.images import read_image, write_image
from spectra.errors import DataError, ModelError, SpectraError
from spectra.modalities import Modality, Scale, Task
from spectra.model import Model
from spectra.translation import translate as translation
from tests.translation.images import bad_files, image, make, tree

KINDS = [
    *[(".png", dtype, channels) for dtype in ("uint8", "uint16") for channels in (1, 3, 4)],
    *[
        (suffix, dtype, channels)
        for suffix in (".tif", ".npy")
        for dtype in ("uint8", "uint16", "float32")
        for channels in (1, 2, 3, 4, 7)
    ],
]


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


@pytest.mark.parametrize(
    ("name", "depth", "says"),
    [
        ("graydef", None, "hold values beyond their scale; the results of this translator stay within that of the"),
        ("copy", 8, "have results beyond what uint8 holds, and these were cut off; --depth float keeps them"),
        ("copy", None, ""),
        ("copy", "float", ""),
    ],
)
def test_values_beyond_the_scale_are_lost_only_where_that_is_told(
    tmp_path: Path, name: str, depth: int | str | None, says: str
) -> None:
    """By a bounded translator, or by the type of the file."""
    array = image(0, dtype="float32") * 3 - 1
    write_image(tmp_path / "a.npy", array)
    done = spectra.translate(name, tmp_path / "a.npy", tmp_path / "out", depth=depth)
    assert len(done.notes) == bool(says) and says in "".join(done.notes)
    if not says:
        np.testing.assert_array_equal(read_image(tmp_path / "out" / "a.npy"), array)


def of_scale(scale: str, kind: str = "copy") -> Model:
    shown = Modality("nir", 1, Scale.parse(scale))
    return spectra.load(kind, Task(shown, shown))


@pytest.mark.parametrize(("value", "end"), [(70_000, 65535), (-7, 0)])
def test_a_type_cuts_off_beyond_a_scale_within_it_and_says_so(tmp_path: Path, value: float, end: int) -> None:
    write_image(tmp_path / "a.npy", np.array([[[100], [value]]], np.float32))
    done = spectra.translate(of_scale("reflectance 0..10000"), tmp_path / "a.npy", tmp_path / "out", depth=16)
    assert "beyond what uint16 holds" in done.notes[0]
    assert read_image(tmp_path / "out" / "a.npy").ravel().tolist() == [100, end]


@pytest.mark.parametrize("scale", ["reflectance 0..10000", "K 250..330", "DN 3..4095", "dB -25..0", "DN 1000..60000"])
def test_a_copy_of_every_16_bit_value_is_the_value_within_the_scale_and_beyond(tmp_path: Path, scale: str) -> None:
    array = np.arange(2**16, dtype=np.uint16).reshape(256, 256, 1)
    write_image(tmp_path / "a.tif", array)
    depth = 16 if not scale.startswith("dB") else "float"
    done = spectra.translate(of_scale(scale), tmp_path / "a.tif", tmp_path / "out", depth=depth)
    assert done.failed == [] and done.notes == []
    np.testing.assert_allclose(read_image(tmp_path / "out" / "a.tif"), array, atol=0 if depth == 16 else 0.01)


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
    real = translation.Series._settle

    def settle(work: Any, limit: int) -> None:
        nonlocal most
        most = max(most, len(work.waiting))
        real(work, limit)

    monkeypatch.setattr(translation.Series, "_settle", settle)
    spectra.translate("copy", tmp_path / "in", tmp_path / "out", threads=2)
    assert 1 < most <= 5
