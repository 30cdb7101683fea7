"""What a translation says of itself: lost depth, odd files, results left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import spectra
from spectra.data.images import write_image
from spectra.errors import DataError
from spectra.modalities import Scale, Task


def make(folder: Path, name: str = "a.png", dtype: str = "uint8", channels: int = 3) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    write_image(folder / name, np.full((4, 5, channels), 200, dtype))
    return folder


def model(target_type: str | None, scale: str = "dtype") -> spectra.Model:
    task = Task.parse("rgb2rgb")
    found = spectra.load("copy", Task(task.source.with_scale(Scale.parse(scale)), task.target))
    found.target_type = target_type
    return found


def test_depth_that_nobody_asked_to_lose_is_told(tmp_path: Path) -> None:
    source = make(tmp_path / "in", dtype="uint16")
    done = spectra.translate(model("uint8"), source, tmp_path / "out")
    assert done.notes == ["1 images of uint16 became uint8, as the model's targets were; --depth 16 keeps more."]


@pytest.mark.parametrize(("target_type", "depth"), [("uint8", 8), ("uint16", None), (None, None), ("uint8", 16)])
def test_depth_that_was_asked_for_or_kept_is_not(tmp_path: Path, target_type: str | None, depth: int | None) -> None:
    source = make(tmp_path / "in", dtype="uint16")
    assert spectra.translate(model(target_type), source, tmp_path / "out", depth=depth).notes == []


def test_files_too_shallow_for_the_scale_are_told(tmp_path: Path) -> None:
    done = spectra.translate(model("uint8", "reflectance 0..10000"), make(tmp_path / "in"), tmp_path / "out")
    assert "uint8 cannot reach the top of the scale `reflectance 0..10000`" in done.notes[0]


def test_results_in_a_source_folder_are_left_out_and_told(tmp_path: Path) -> None:
    source = make(tmp_path / "in")
    spectra.translate("copy", source, source / "out")
    done = spectra.translate("copy", source, tmp_path / "elsewhere")
    assert [path.name for path in done.written] == ["a.png"]
    assert done.notes == [f"'{source / 'out'}' holds results of `spectra translate`, and was left out."]


def test_results_that_are_asked_for_by_name_are_sources(tmp_path: Path) -> None:
    spectra.translate("copy", make(tmp_path / "in"), tmp_path / "out")
    assert len(spectra.translate("inverse", tmp_path / "out", tmp_path / "again").written) == 1


def test_a_folder_that_never_came_to_a_result_can_be_begun_anew(tmp_path: Path) -> None:
    source = make(tmp_path / "in", channels=4)
    assert spectra.translate("graydef", source, tmp_path / "out", task="rgb2ir").failed
    assert spectra.translate("copy", source, tmp_path / "out").written
    with pytest.raises(DataError, match="holds results of other work"):
        spectra.translate("inverse", source, tmp_path / "out")


def test_a_strange_stamp_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "spectra.json").write_text('{"mine": 1}')
    with pytest.raises(DataError, match="not of `spectra translate`"):
        spectra.translate("copy", make(tmp_path / "in"), tmp_path / "out")
    assert (tmp_path / "out" / "spectra.json").read_text() == '{"mine": 1}'
