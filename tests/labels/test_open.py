"""Labels are recognised, and matched with the images that are there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from spectra.errors import DataError
from spectra.labels.faults import Faults
from spectra.labels.labels import Image
from spectra.labels.open import Where, find, fitted
from tests.labels import made

THERE = [Image(1, "a.png", 40, 20), Image(2, "sub/b.png", 64, 48)]


def test_the_format_is_recognised(tmp_path: Path) -> None:
    made.put(tmp_path, {"yolo/a.txt": "", "voc/sub/a.xml": "", "both/a.xml": "", "both/a.txt": "", "none/a.md": ""})
    assert find(made.coco_file(tmp_path / "a.json")).format == "coco"
    assert find(tmp_path / "yolo").format == "yolo"
    assert find(tmp_path / "voc").format == "voc"
    assert find(tmp_path / "both", "voc").format == "voc"
    with pytest.raises(DataError, match="text files and XML files"):
        find(tmp_path / "both")
    with pytest.raises(DataError, match=r"no \.txt and no \.xml file"):
        find(tmp_path / "none")


@pytest.mark.parametrize(
    ("path", "format", "told"),
    [
        ("none", None, "There are no labels"),
        ("a.json", "yolo", "are a file: yolo has a folder"),
        (".", "coco", "are a folder: COCO has one JSON file"),
        (".", "kitti", "There is no format of labels 'kitti'"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, path: str, format: str | None, told: str) -> None:
    made.coco_file(tmp_path / "a.json")
    with pytest.raises(DataError, match=told):
        find(tmp_path / path, format)


def test_coco_says_which_images_are_missing_and_which_are_unknown(tmp_path: Path) -> None:
    where, faults = find(made.coco_file(tmp_path / "a.json")), Faults()
    fit = fitted(where, [THERE[0], Image(7, "z.png", 4, 4)], faults)
    assert (fit.missing, fit.unlabelled, faults.found) == (["sub/b.png"], ["z.png"], [])
    assert [image.id for image in fit.labels.images] == [42]
    assert [box.name for box in fit.labels.boxes] == ["car"]


def test_a_size_that_is_not_the_files_is_a_fault(tmp_path: Path) -> None:
    where, faults = find(made.coco_file(tmp_path / "a.json")), Faults()
    fitted(where, [replace(THERE[0], width=20, height=40), THERE[1]], faults)
    assert "images (id 42): says 40×20, and the image 'a.png' is 20×40; is it turned" in faults.found[0]
    assert len(faults.found) == 1


def test_an_image_that_cannot_be_read_is_not_checked(tmp_path: Path) -> None:
    where, faults = find(made.coco_file(tmp_path / "a.json")), Faults()
    fit = fitted(where, [replace(THERE[0], width=0, height=0), THERE[1]], faults)
    assert (faults.found, len(fit.labels.images)) == ([], 2)
    made.put(tmp_path / "v", {"a.xml": made.xml(made.thing("car", 1, 1, 3, 3))})
    made.put(tmp_path / "y", {"classes.txt": "car", "a.txt": "0 .5 .5 .1 .1"})
    for name in ("v", "y"):
        fitted(find(tmp_path / name), [replace(THERE[0], width=0, height=0)], faults)
    assert faults.found == []


def test_paths_are_compared_as_paths(tmp_path: Path) -> None:
    content = made.coco_content()
    content["images"][1]["file_name"] = "./sub//b.png"
    fit = fitted(find(made.coco_file(tmp_path / "a.json", content)), THERE, Faults())
    assert [image.file for image in fit.labels.images] == ["a.png", "sub/b.png"]
    content["images"].append({**content["images"][1], "id": 77, "file_name": "sub/b.png"})
    faults = Faults()
    fitted(find(made.coco_file(tmp_path / "a.json", content)), THERE, faults)
    assert "another entry is of the file 'sub/b.png'" in faults.found[0]


def test_names_that_begin_elsewhere_are_told_as_one_fault(tmp_path: Path) -> None:
    faults = Faults()
    fitted(find(made.coco_file(tmp_path / "a.json")), [Image(1, "train/a.png", 40, 20)], faults)
    assert "none is there: 'a.png' is sought below the folder of the images" in faults.found[0]


def test_yolo_and_voc_say_which_files_have_no_image(tmp_path: Path) -> None:
    made.put(tmp_path / "y", {"classes.txt": "car", "a.txt": "", "old.txt": "", "out/labels/x.txt": ""})
    fit = fitted(find(tmp_path / "y"), THERE, Faults(), tmp_path / "y" / "out")
    assert (fit.missing, fit.unlabelled, fit.bare) == (["old.txt"], [], 1)
    made.put(tmp_path / "v", {"a.xml": made.xml(""), "old.xml": ""})
    fit = fitted(find(tmp_path / "v"), THERE, Faults())
    assert (fit.missing, fit.unlabelled, fit.bare) == (["old.xml"], ["sub/b.png"], 0)


@pytest.mark.parametrize("format", ["yolo", "voc"])
def test_labels_of_other_images_are_a_fault(tmp_path: Path, format: str) -> None:
    made.put(tmp_path, {"classes.txt": "car", "z.txt": "", "z.xml": ""})
    faults = Faults()
    fitted(Where(tmp_path, format), THERE, faults)
    assert "no image has its labels there: that of 'a.png' would be 'a." in faults.found[0]
