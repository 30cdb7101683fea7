"""From one format to another and back: boxes stay where they are, and what is lost is told."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spectra.labels import coco, voc, yolo
from spectra.labels.convert import converted
from spectra.labels.faults import Faults
from spectra.labels.labels import Box, Image, Labels
from tests.labels import made

NAMES = ("car", "Fußgänger", "traffic light")


@st.composite
def some_labels(draw: st.DrawFn) -> Labels:
    sides = st.integers(1, 9000)
    images = [
        Image(n, f"{'sub/' * (n % 2)}{n}.png", draw(sides), draw(sides)) for n in range(1, draw(st.integers(2, 4)))
    ]
    boxes = []
    for image in images:
        for _ in range(draw(st.integers(image.id == 1, 4))):
            left, top = (draw(st.floats(0, 0.99)) * side for side in (image.width, image.height))
            width, height = (draw(st.floats(0.001, 1)) * it for it in (image.width - left, image.height - top))
            boxes.append(Box(image.id, draw(st.sampled_from(NAMES)), left, top, width, height))
    return Labels(images, boxes, NAMES)


def through(labels: Labels, formats: list[str], folder: Path) -> Labels:
    """The labels written and read again in each format after the other."""
    before = formats[0]
    for place, format in enumerate(formats):
        labels, notes = converted(labels, before, format)
        assert notes == []
        labels, before = again(labels, format, folder / str(place)), format
    return labels


def again(labels: Labels, format: str, folder: Path) -> Labels:
    faults = Faults()
    if format == "coco":
        made.put(folder, {"labels.json": coco.text_of(labels)})
        read = coco.read(folder / "labels.json", faults)
    else:
        files = yolo.files(labels) if format == "yolo" else voc.files(labels)
        made.put(folder, {"labels/none": "", **dict(files)})
        read = (yolo if format == "yolo" else voc).read(folder / "labels", labels.images, faults)
    assert faults.found == []
    return read


@settings(deadline=None, max_examples=60)
@given(some_labels(), st.permutations(["coco", "yolo", "voc", "coco", "yolo"]))
def test_boxes_come_back_to_a_millionth_of_a_pixel(labels: Labels, formats: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        back = through(labels, ["coco", *formats, "coco"], Path(folder))
    for one, other in zip(made.places(labels), made.places(back), strict=True):
        assert other[:2] == one[:2]
        assert other[2:] == pytest.approx(one[2:], abs=1e-6)


def test_within_a_format_nothing_is_touched() -> None:
    labels = made.labels()
    assert converted(labels, "voc", "voc") == (labels, [])


def test_a_crowd_is_difficult_in_voc_and_left_out_of_yolo() -> None:
    labels = Labels(made.IMAGES, [Box(1, "car", 0, 0, 4, 4, crowd=True), Box(1, "car", 5, 5, 4, 4)], ("car",))
    hard, notes = converted(labels, "coco", "voc")
    assert ([box.crowd for box in hard.boxes], notes) == (
        [True, False],
        ["1 boxes that are crowds or difficult are marked as difficult."],
    )
    assert "<difficult>1</difficult>" in dict(voc.files(hard))["labels/a.xml"]
    left, notes = converted(labels, "coco", "yolo")
    assert (len(left.boxes), "1 such boxes were left out" in notes[0]) == (1, True)


def test_what_the_other_format_has_no_place_for_is_told(tmp_path: Path) -> None:
    labels = coco.read(made.coco_file(tmp_path / "a.json"))
    bare, notes = converted(labels, "coco", "voc")
    assert {"voc has no place for the segmentation of 3 boxes: left out."} <= set(notes)
    assert any("the keypoints of 1 boxes" in note for note in notes)
    assert all(not box.extra for box in bare.boxes)
    made.put(tmp_path, {"a.xml": made.xml(made.thing("car", 1, 1, 4, 4, extra="<pose>Left</pose>"))})
    _, notes = converted(voc.read(tmp_path, made.IMAGES, Faults()), "voc", "coco")
    assert notes == ["coco has no place for <pose> of 1 boxes: left out."]


def test_a_polygon_of_yolo_is_a_segmentation_of_coco(tmp_path: Path) -> None:
    made.put(tmp_path, {"classes.txt": "car", "a.txt": "0 0.1 0.2 0.5 0.2 0.5 0.75"})
    labels, notes = converted(yolo.read(tmp_path, made.IMAGES, Faults()), "yolo", "coco")
    assert notes == []
    assert labels.boxes[0].extra["segmentation"][0] == pytest.approx([4, 4, 20, 4, 20, 15])
