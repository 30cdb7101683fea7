"""Predictions that were made elsewhere: what their numbers mean, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from spectra.bench.contest.predictions import Predictions
from spectra.data.images import read_image, write_image
from spectra.errors import DataError
from spectra.modalities import Task
from tests.pair_folders import listed_pairs, write_data

NAMES = ["e", "f", "g"]


def written(root: Path, folder: Path, dtype: str, factor: float = 1.0) -> Path:
    """The targets of a data set, times a factor, in another type."""
    folder.mkdir()
    for path in sorted((root / "test" / "ir").iterdir()):
        suffix = ".tif" if dtype == "float32" else ".png"
        write_image(
            folder / f"{path.stem}{suffix}", (read_image(path).astype(np.float64) * factor).round(6).astype(dtype)
        )
    return folder


def read(folder: Path, root: Path) -> tuple[Predictions, list[float]]:
    """Largest differences from the targets, in their steps."""
    test = listed_pairs(root, "test")
    found = Predictions.of(folder, NAMES, Task.parse("rgb2ir")).checked(test)
    return found, [
        float((found.predict(pair) - pair.target.pixels).abs().max() / (pair.target.step or 1)) for pair in test
    ]


def test_the_targets_own_type_is_read_as_it_is_and_nothing_is_said(tmp_path: Path) -> None:
    root = write_data(tmp_path / "pairs", dtype="uint16")
    found, errors = read(written(root, tmp_path / "made", "uint16"), root)
    assert max(errors) < 1e-2 and found.notes == ()


def test_other_types_are_read_in_their_own_unit_interval_and_rounded_as_the_targets_are(tmp_path: Path) -> None:
    root = write_data(tmp_path / "pairs")
    found, errors = read(written(root, tmp_path / "deep", "uint16", 257), root)
    assert max(errors) < 1e-2 and found.notes == (
        "Predictions of uint16 where targets are uint8: read in the unit interval of its own type, then clipped and "
        "rounded as uint8.",
    )
    found, errors = read(written(root, tmp_path / "floats", "float32", 1 / 255), root)
    assert max(errors) < 1e-2 and "Predictions of float32" in found.notes[0]


def test_what_a_file_of_the_targets_type_cannot_hold_is_clipped(tmp_path: Path) -> None:
    root = write_data(tmp_path / "pairs")
    made = written(root, tmp_path / "made", "float32", 1.4 / 255)
    test = listed_pairs(root, "test")
    found = Predictions.of(made, NAMES, Task.parse("rgb2ir")).checked(test)
    for pair in test:
        wanted = torch.from_numpy(np.floor(np.clip(read_image(found.files[pair.name])[..., 0] * 255 + 0.5, 0, 255)))
        assert torch.allclose(found.predict(pair)[0] * 255, wanted.float(), atol=1e-3)


def test_floats_of_another_scale_are_refused_with_what_to_do(tmp_path: Path) -> None:
    root = write_data(tmp_path / "pairs", dtype="uint16")
    made = written(root, tmp_path / "made", "float32")
    with pytest.raises(DataError, match=r"holds floats from .* and on the scale `dtype` a float image holds 0 to 1"):
        read(made, root)


def test_images_of_no_test_image_are_told(tmp_path: Path) -> None:
    root = write_data(tmp_path / "pairs")
    made = written(root, tmp_path / "made", "uint8")
    write_image(made / "other.png", read_image(made / "e.png"))
    assert read(made, root)[0].notes == ("1 other images lie in its folder, and are of no test image.",)
