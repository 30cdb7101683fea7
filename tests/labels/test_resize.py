"""Labels of images that were resized: boxes, polygons, keypoints, masks and the parts of VOC's objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spectra.labels import coco, rle, voc, yolo
from spectra.labels.faults import Faults
from spectra.labels.labels import Labels
from spectra.labels.resize import resized
from tests.labels import made

TWICE_AND_HALF = {1: (10, 80), 2: (24, 128), 3: (5, 20)}
"""Half as high and twice as wide."""


def scaled(labels: Labels, sizes: dict[int, tuple[int, int]]) -> Labels:
    faults = Faults()
    result = resized(labels, sizes, Path("labels"), faults)
    assert faults.found == []
    return result


def test_boxes_and_images_follow_the_size() -> None:
    result = scaled(made.labels(), TWICE_AND_HALF)
    assert [(image.height, image.width) for image in result.images] == [(10, 80), (24, 128), (5, 20)]
    assert [place[2:] for place in made.places(result)] == [
        (4, 1.5, 20, 6),
        (0, 0, 80, 10),
        (21, 10.125, 60.25, 3.875),
        (126, 23.5, 2, 0.5),
    ]


def test_nothing_changes_where_the_size_stays() -> None:
    assert scaled(made.labels(), {1: (20, 40), 2: (48, 64), 3: (10, 10)}) == made.labels()


def test_what_coco_says_besides_follows(tmp_path: Path) -> None:
    labels = coco.read(made.coco_file(tmp_path / "a.json"))
    car, person, crowd = scaled(labels, {42: (10, 80), 9: (24, 128)}).boxes
    assert car.extra["segmentation"] == [[4, 1.5, 25, 1.5, 25, 7.5]]
    assert car.extra["area"] == 77.25
    assert person.extra["keypoints"] == [12, 3.5, 2, 0, 0, 0]
    assert (person.extra["num_keypoints"], person.extra["of_our_own"]) == (1, {"x": [1, None]})
    mask = rle.decoded(crowd.extra["segmentation"])
    assert (mask.shape, int(mask.sum())) == ((24, 128), 6)
    larger = scaled(labels, {42: (40, 120), 9: (48, 64)}).boxes[0]
    assert larger.extra["area"] == pytest.approx(77.25 * 2 * 3)


@pytest.mark.parametrize(
    "broken",
    [
        {"segmentation": "text"},
        {"segmentation": [["a", 2]]},
        {"segmentation": {"size": [1, 1], "counts": [7]}},
        {"keypoints": [1, 2]},
        {"keypoints": ["a", 2, 2]},
    ],
)
def test_what_cannot_be_resized_is_a_fault_and_only_then(tmp_path: Path, broken: dict[str, Any]) -> None:
    content = made.coco_content()
    content["annotations"][0] |= broken
    labels = coco.read(made.coco_file(tmp_path / "a.json", content))
    assert scaled(labels, {42: (20, 40), 9: (48, 64)}) == labels
    faults = Faults()
    resized(labels, {42: (10, 80), 9: (48, 64)}, tmp_path / "a.json", faults)
    assert len(faults.found) == 1 and "a box of 'a.png' (id 900)" in faults.found[0]


def test_parts_of_an_object_of_voc_follow(tmp_path: Path) -> None:
    part = "<part><bndbox><xmin>1</xmin><ymin>3</ymin><xmax>4</xmax><ymax>6</ymax></bndbox></part>"
    point = "<point><x>5</x><y>8</y></point><pose>x</pose>"
    made.put(tmp_path, {"a.xml": made.xml(made.thing("car", 1, 1, 40, 20, extra=part + point))})
    labels = scaled(voc.read(tmp_path, made.IMAGES[:1], Faults()), {1: (10, 80)})
    nodes = {node.tag: node for node in labels.boxes[0].extra["nodes"]}
    assert [float(node.text) for node in nodes["part"].children[0].children] == [1, 2, 8, 3]
    assert [float(node.text) for node in nodes["point"].children] == [10, 4]
    assert nodes["pose"].text == "x"
    wrong = made.xml(made.thing("car", 1, 1, 40, 20, extra=part.replace(">6<", ">six<")))
    labels, faults = voc.read(made.put(tmp_path, {"a.xml": wrong}), made.IMAGES[:1], Faults()), Faults()
    resized(labels, {1: (10, 80)}, tmp_path, faults)
    assert "<ymax> must hold a number, not 'six'" in faults.found[0]


def test_lines_of_yolo_are_the_same_at_any_size(tmp_path: Path) -> None:
    lines = "0 0.5 0.5 0.25 0.5\n0 0.1 0.2 0.5 0.2 0.5 0.75\n"
    made.put(tmp_path, {"classes.txt": "car", "a.txt": lines})
    labels = scaled(yolo.read(tmp_path, made.IMAGES, Faults()), TWICE_AND_HALF)
    assert dict(yolo.files(labels))["labels/a.txt"] == lines
