"""The built-in scenes as a folder with labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spectra.data.images import read_image
from spectra.data.scenes import VIEWS, scene
from spectra.errors import DataError
from spectra.labels import coco
from spectra.labels.scenes import CLASSES, boxes_of, write_scenes
from tests.labels import made


def test_images_and_labels_are_those_of_the_scenes(tmp_path: Path) -> None:
    labels = write_scenes(tmp_path / "out", "nir", 3, first=4, seed=2, size=(48, 64))
    again = coco.read(tmp_path / "out" / "labels.json")
    assert made.places(again) == made.places(labels)
    first = again.images[0]
    assert (first.file, first.height, first.width) == ("street_000004.png", 48, 64)
    for image, number in zip(again.images, (4, 5, 6), strict=True):
        shown = scene(2, number, (48, 64), "street")
        assert np.array_equal(read_image(tmp_path / "out" / "images" / image.file), shown.image("nir"))
        mine = [place[1:] for place in made.places(again) if place[0] == image.file]
        assert mine == [(it.label, it.left, it.top, it.right - it.left, it.bottom - it.top) for it in shown.boxes]


def test_a_box_holds_its_instance() -> None:
    shown = scene(0, 1, 96, "street")
    for box in boxes_of(shown, 1):
        inside = shown.instances[int(box.top) : int(box.top + box.height), int(box.left) : int(box.left + box.width)]
        edges = (inside[0], inside[-1], inside[:, 0], inside[:, -1])
        assert set.intersection(*(set(edge[edge > 0].tolist()) for edge in edges)), "no instance touches all four edges"


def test_the_same_scenes_have_the_same_labels_in_every_modality(tmp_path: Path) -> None:
    one, other = (write_scenes(tmp_path / name, name, 2, size=48, bits=16) for name in ("rgb", "lwir"))
    assert one == other
    assert read_image(tmp_path / "rgb" / "images" / "street_000000.png").dtype == np.uint16


def test_small_boxes_and_other_classes_can_be_left_out(tmp_path: Path) -> None:
    labels = write_scenes(tmp_path / "out", "rgb", 4, size=96, smallest=6, classes=("car", "tree"))
    assert labels.classes == ("car", "tree")
    assert labels.boxes and all(min(box.width, box.height) >= 6 and box.name in ("car", "tree") for box in labels.boxes)
    whole = write_scenes(tmp_path / "whole", "rgb", 4, size=96)
    assert len(whole.boxes) > len(labels.boxes)


def test_the_classes_are_all_that_scenes_draw() -> None:
    found = {box.label for view in VIEWS for index in range(12) for box in scene(5, index, 64, view).boxes}
    assert found <= set(CLASSES)


def test_nothing_is_written_into_a_folder_that_holds_something(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(DataError, match="is not empty"):
        write_scenes(tmp_path, "rgb", 1)
