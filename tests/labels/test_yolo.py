"""YOLO's text files: read in pixels, written relative to the image."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml as reference

from spectra.labels import yolo
from spectra.labels.beside import label_files
from spectra.labels.faults import Faults
from spectra.labels.labels import Image, Labels
from tests.labels import made

CLASSES = {"classes.txt": "car\ntruck\n\n"}


def read(folder: Path, files: dict[str, str], clip: bool = False, classes: Path | None = None) -> tuple[Labels, Faults]:
    faults = Faults(clip)
    return yolo.read(made.put(folder, files), made.IMAGES, faults, classes), faults


def told(folder: Path, text: str) -> str:
    _, faults = read(folder, {**CLASSES, "a.txt": text})
    assert len(faults.found) <= 1
    return faults.found[0].removeprefix(repr(str(folder / "a.txt"))) if faults.found else ""


def test_boxes_are_read_in_pixels_by_the_path_of_the_image(tmp_path: Path) -> None:
    labels, faults = read(tmp_path, {**CLASSES, "a.txt": "0 0.5 0.5 0.25 0.5\n\n1 .1 .2 .2 .4\n", "sub/b.txt": ""})
    assert faults.found == []
    assert made.places(labels) == [
        ("a.png", "car", pytest.approx(15), pytest.approx(5), pytest.approx(10), pytest.approx(10)),
        ("a.png", "truck", pytest.approx(0), pytest.approx(0), pytest.approx(8), pytest.approx(8)),
    ]
    assert (labels.classes, len(labels.images)) == (("car", "truck"), 3)


@pytest.mark.parametrize(
    "yaml", ["names: [car, truck]\nnc: 2\n", "names: {0: car, 1: truck}\n", "names:\n  1: truck\n  0: car\n"]
)
def test_classes_come_from_a_yaml_file_beside_or_above(tmp_path: Path, yaml: str) -> None:
    for place in ("data.yaml", "../data.yaml"):
        folder = tmp_path / place.replace("/", "_") / "labels"
        labels, faults = read(folder, {place: yaml, "a.txt": "1 .5 .5 .1 .1"})
        assert (labels.classes, labels.boxes[0].name, faults.found) == (("car", "truck"), "truck", [])


def test_a_named_list_of_classes_wins(tmp_path: Path) -> None:
    mine = made.put(tmp_path / "mine", {"mine.txt": "dog\ncat"}) / "mine.txt"
    labels, _ = read(tmp_path / "labels", {**CLASSES, "a.txt": "1 .5 .5 .1 .1"}, classes=mine)
    assert labels.boxes[0].name == "cat"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("0 .5 .5 .1 .1\n2 .5 .5 .1 .1", ":2: no class has the number '2': there are 2"),
        ("-1 .5 .5 .1 .1", ":1: no class has the number '-1'"),
        ("car .5 .5 .1 .1", "no class has the number 'car'"),
        ("0 .5 .5 .1", "has 3 numbers"),
        ("0 .5 .5 .1 .1 .9", "a confidence is of predictions"),
        ("0 .5 .5 .1 .1 .9 .9 .9", "has 7 numbers"),
        ("0 .5 .5 nan .1", "'nan' is no finite number"),
        ("0 .5 .5 1e999 .1", "'1e999' is no finite number"),
        ("0 .5 .5 x .1", "'x' is no finite number"),
        ("0 .5 .5 -.1 .1", "has no area"),
        ("0 .5 .5 0 .1", "has no area"),
        ("0 1 .5 .5 .1", "reaches out of its image"),
        ("0 .5 .01 .5 .5", "reaches out"),
    ],
)
def test_a_fault_is_told_with_file_and_line(tmp_path: Path, text: str, fault: str) -> None:
    assert fault in told(tmp_path, text)


def test_bytes_that_are_no_text_are_a_fault(tmp_path: Path) -> None:
    made.put(tmp_path, CLASSES)
    (tmp_path / "a.txt").write_bytes(b"0 .5 \xff")
    faults = Faults()
    yolo.read(tmp_path, made.IMAGES, faults)
    assert "is no text in UTF-8" in faults.found[0]


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        ({}, "no list of the classes is there"),
        ({"classes.txt": ""}, "names no class"),
        ({"classes.txt": "car\n\ntruck"}, "class 1: its name must be a text"),
        ({"classes.txt": "car\ncar"}, "class 1: 'car' is the name of another class"),
        ({"data.yaml": "names: [car, 3]"}, "class 1: its name must be a text, not 3"),
        ({"data.yaml": "nc: 3\nnames: [car]"}, "nc: says 3, and there are 1 names"),
        ({"data.yaml": "names: {1: car}"}, "names: must be a list"),
        ({"data.yaml": "train: x"}, "names: must be a list"),
        ({"data.yaml": "a: [}\n"}, ":1: is no YAML"),
        ({"data.yaml": "!!python/object/apply:os.getcwd []"}, "is no YAML"),
        ({"data.yaml": "- car"}, "names: must be a list"),
    ],
)
def test_a_list_of_classes_that_cannot_be_used_is_a_fault(tmp_path: Path, files: dict[str, str], fault: str) -> None:
    assert any(fault in one for one in read(tmp_path / "labels", files)[1].found)


def test_two_images_of_one_label_file_are_a_fault(tmp_path: Path) -> None:
    faults = Faults()
    yolo.read(made.put(tmp_path, CLASSES), [*made.IMAGES, Image(4, "a.tif", 40, 20)], faults)
    assert "belongs to 'a.png' and to 'a.tif'" in faults.found[0]


def test_what_is_written_reads_the_same(tmp_path: Path) -> None:
    made.put(tmp_path, dict(yolo.files(made.labels())))
    again = yolo.read(tmp_path / "labels", made.IMAGES, Faults())
    assert again.classes == made.labels().classes
    for one, other in zip(made.places(again), made.places(made.labels()), strict=True):
        assert one[:2] == other[:2]
        assert one[2:] == pytest.approx(other[2:], abs=1e-9)


def test_every_image_has_a_file_and_the_classes_a_list(tmp_path: Path) -> None:
    files = dict(yolo.files(made.labels()))
    assert sorted(files) == ["data.yaml", "labels/a.txt", "labels/c.txt", "labels/sub/b.txt"]
    assert files["labels/c.txt"] == ""
    assert files["labels/a.txt"].splitlines() == ["0 0.175 0.45 0.25 0.6", "1 0.5 0.5 1 1"]
    assert reference.safe_load(files["data.yaml"]) == {
        "train": "images",
        "nc": 4,
        "names": {0: "car", 1: "truck", 2: "bus", 3: "person"},
    }


def test_polygons_are_kept_as_they_are_written_and_give_their_box(tmp_path: Path) -> None:
    line = "1 0.10 0.2 0.50 0.2 0.5000 0.75"
    labels, faults = read(tmp_path, {**CLASSES, "a.txt": line})
    assert faults.found == []
    assert made.places(labels)[0][2:] == pytest.approx((4, 4, 16, 11))
    assert dict(yolo.files(labels))["labels/a.txt"] == f"{line}\n"


def test_keypoints_are_kept_as_they_are_written(tmp_path: Path) -> None:
    yaml = "names: [car, truck]\nkpt_shape: [2, 3]\nflip_idx: [1, 0]\n"
    line = "1 0.5 0.5 0.2 0.4 0.10 0.2 2 0.30 0.4 1"
    labels, faults = read(tmp_path, {"data.yaml": yaml, "a.txt": line})
    written = dict(yolo.files(labels))
    assert (faults.found, written["labels/a.txt"]) == ([], f"{line}\n")
    assert reference.safe_load(written["data.yaml"])["kpt_shape"] == [2, 3]
    assert "and a box with keypoints [2, 3] 10" in read(tmp_path, {"a.txt": "1 .5 .5 .2 .4"})[1].found[0]


def test_boxes_and_polygons_are_cut_where_that_is_wished_for(tmp_path: Path) -> None:
    text = "0 1 .5 .5 .5\n0 2 2 .1 .1\n1 0.5 0.5 1.5 0.5 0.5 0.75"
    labels, faults = read(tmp_path, {**CLASSES, "a.txt": text}, clip=True)
    assert (faults.found, faults.cut, faults.lost) == ([], 2, 1)
    assert [place[2:] for place in made.places(labels)] == [(30, 5, 10, 10), (20, 10, 20, 5)]
    assert dict(yolo.files(labels))["labels/a.txt"].splitlines()[1] == "1 0.5 0.5 1.0 0.5 0.5 0.75"


def test_lists_of_classes_and_hidden_files_are_no_labels(tmp_path: Path) -> None:
    made.put(tmp_path, {**CLASSES, "a.txt": "", ".b.txt": "", ".hidden/c.txt": "", "sub/d.txt": "", "out/e.txt": ""})
    assert label_files(tmp_path, ".txt", tmp_path / "out") == ["a.txt", "sub/d.txt"]
