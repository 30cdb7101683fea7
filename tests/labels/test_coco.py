"""COCO files: what they say is kept, and what is wrong with them is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from spectra.errors import DataError
from spectra.labels import coco
from spectra.labels.faults import Faults
from spectra.labels.labels import Box, Image, Labels
from tests.labels import made


def by_id(content: dict[str, Any]) -> dict[str, Any]:
    return {key: {it["id"]: it for it in value} if isinstance(value, list) else value for key, value in content.items()}


def faults_of(path: Path) -> list[str]:
    faults = Faults()
    coco.read(path, faults)
    return [fault.removeprefix(repr(str(path))).removeprefix(": ") for fault in faults.found]


def changed(key: str, place: int, **values: Any) -> dict[str, Any]:
    content = made.coco_content()
    content[key][place] |= values
    return content


def test_boxes_images_and_classes_are_read(tmp_path: Path) -> None:
    labels = coco.read(made.coco_file(tmp_path / "a.json"))
    assert [(image.id, image.file, image.width, image.height) for image in labels.images] == [
        (42, "a.png", 40, 20),
        (9, "sub/b.png", 64, 48),
    ]
    assert made.places(labels)[0] == ("a.png", "car", 2, 3, 10.5, 12)
    assert [box.crowd for box in labels.boxes] == [False, False, True]
    assert labels.classes == ("car", "person", "bus")
    assert labels.counts() == {"car": 1, "person": 2, "bus": 0}


def test_what_is_read_is_written_untouched_to_the_last_key(tmp_path: Path) -> None:
    coco.write(coco.read(made.coco_file(tmp_path / "a.json")), tmp_path / "b.json")
    assert by_id(json.loads((tmp_path / "b.json").read_text())) == by_id(made.coco_content())


def test_labels_made_here_get_ids_and_areas(tmp_path: Path) -> None:
    coco.write(made.labels(), tmp_path / "a.json")
    content = json.loads((tmp_path / "a.json").read_text())
    assert [it["id"] for it in content["annotations"]] == [1, 2, 3, 4]
    assert [(it["id"], it["name"]) for it in content["categories"]] == [
        (1, "car"),
        (2, "truck"),
        (3, "bus"),
        (4, "person"),
    ]
    assert content["annotations"][0]["area"] == 120
    assert made.places(coco.read(tmp_path / "a.json")) == made.places(made.labels())


def test_new_ids_leave_out_those_that_are_taken() -> None:
    boxes = [Box(1, "a", 0, 0, 1, 1, extra={"id": 2}), Box(1, "b", 0, 0, 1, 1), Box(1, "b", 0, 0, 1, 1)]
    labels = Labels([Image(1, "a.png", 4, 4)], boxes, ("a", "b"), {"categories": {"b": {"id": 1}}})
    content = json.loads(coco.text_of(labels))
    assert [it["id"] for it in content["annotations"]] == [2, 1, 3]
    assert {it["name"]: it["id"] for it in content["categories"]} == {"a": 2, "b": 1}


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = made.coco_file(tmp_path / "a.json")
    before = path.read_bytes()
    broken = Labels([], [Box(1, "a", float("nan"), 0, 1, 1)], ("a",))
    with pytest.raises(ValueError, match="JSON"):
        coco.write(broken, path)
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (before, [path])


def test_names_of_any_letters_are_kept(tmp_path: Path) -> None:
    labels = Labels([Image(1, "straße/\udc80.png", 4, 4)], [Box(1, "Fußgänger", 0, 0, 1, 1)], ("Fußgänger",))
    coco.write(labels, tmp_path / "a.json")
    assert made.places(coco.read(tmp_path / "a.json")) == made.places(labels)


@pytest.mark.parametrize(
    ("key", "values", "told"),
    [
        ("annotations", {"bbox": [2, 3, -1, 12]}, "annotations[0] (id 900): the box (2, 3, -1, 12) .* has no area"),
        ("annotations", {"bbox": [2, 3, 0, 12]}, "has no area"),
        ("annotations", {"bbox": [31, 3, 10.5, 12]}, "reaches out of its image, which is 40×20"),
        ("annotations", {"bbox": [2, 9, 10, 12]}, "reaches out"),
        ("annotations", {"bbox": [-2, 3, 10, 12]}, "reaches out"),
        ("annotations", {"bbox": [2, -1, 10, 12]}, "reaches out"),
        ("annotations", {"bbox": [2, 3, float("nan"), 12]}, "NaN or infinite"),
        ("annotations", {"segmentation": [[1, float("inf")]]}, "NaN or infinite"),
        ("annotations", {"bbox": [2, 3, True, 12]}, "no finite number"),
        ("annotations", {"bbox": [2, 3, "4", 12]}, "no finite number"),
        ("annotations", {"bbox": [2, 3, 10**400, 12]}, "no finite number"),
        ("annotations", {"bbox": [2, 3, 4]}, "its bbox must be four numbers, not [2, 3, 4]"),
        ("annotations", {"bbox": None}, "its bbox must be four numbers"),
        ("annotations", {"image_id": 5}, "no image has the id 5"),
        ("annotations", {"image_id": "42"}, "no image has the id '42'"),
        ("annotations", {"category_id": 99}, "no category has the id 99"),
        ("annotations", {"category_id": [1]}, "no category has the id [1]"),
        ("annotations", {"iscrowd": 2}, "its iscrowd must be 0 or 1, not 2"),
        ("annotations", {"id": 12}, "another of annotations has the id 12"),
        ("annotations", {"id": None}, "its id must be a whole number, not None"),
        ("images", {"id": 9}, "another of images has the id 9"),
        ("images", {"file_name": "sub/b.png"}, "another image has the file_name 'sub/b.png'"),
        ("images", {"file_name": 3}, "its file_name must be a text, not 3"),
        ("images", {"width": 0}, "its width and height must be whole numbers above 0, not 0 and 20"),
        ("images", {"height": None}, "its width and height must be"),
        ("categories", {"id": 8}, "another of categories has the id 8"),
        ("categories", {"name": "bus"}, "another category is named 'bus'"),
        ("categories", {"name": "c\nar"}, "its name must be a text"),
        ("categories", {"name": None}, "its name must be a text, not None"),
    ],
)
def test_a_fault_is_told_with_its_place(tmp_path: Path, key: str, values: dict[str, Any], told: str) -> None:
    found = faults_of(made.coco_file(tmp_path / "a.json", changed(key, 0, **values)))
    wanted = told.split(" .* ")
    assert any(all(part in fault for part in wanted) and key in fault for fault in found), found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 1, column 1"),
        ('{"images": [}', "line 1, column 13"),
        ("[]", "is no COCO file"),
        ("[" * 100_000, "is no JSON"),
        ("{}", "images: is not there"),
        ('{"images": {}, "annotations": [], "categories": []}', "images: must be a list"),
        ('{"images": [1], "annotations": [], "categories": []}', "images[0]: must be an object"),
        ('{"info": NaN, "images": [], "annotations": [], "categories": []}', "info: holds a number that is NaN"),
    ],
)
def test_a_broken_file_is_a_fault(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "a.json").write_text(text)
    assert any(told in fault for fault in faults_of(tmp_path / "a.json"))


def test_bytes_that_are_no_text_are_a_fault(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b'{"images": "\xff"}')
    assert "is no JSON" in faults_of(tmp_path / "a.json")[0]
    assert "cannot be read" in faults_of(tmp_path / "none.json")[0]


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    content = changed("annotations", 0, category_id=77, image_id=78)
    content["annotations"][1]["bbox"] = [0, 0, 0, 0]
    content["images"].append({"id": 9})
    path = made.coco_file(tmp_path / "a.json", content)
    with pytest.raises(DataError) as told:
        coco.read(path)
    message = str(told.value)
    assert message.startswith("The labels have 4 faults:")
    assert all(part in message for part in ("id 77", "id 78", "annotations[1] (id 12)", "images[2] (id 9)"))
    assert f"{str(path)!r}: annotations[0] (id 900): no image has the id 78" in message


def test_of_very_many_faults_a_hundred_are_listed(tmp_path: Path) -> None:
    content = made.coco_content()
    content["annotations"] = [{"id": n, "image_id": 9, "category_id": 5, "bbox": [0, 0, 1, 1]} for n in range(130)]
    with pytest.raises(DataError, match=r"130 faults[\s\S]*and 30 more"):
        coco.read(made.coco_file(tmp_path / "a.json", content))


def test_rounding_at_an_edge_is_no_fault_and_is_kept(tmp_path: Path) -> None:
    path = made.coco_file(tmp_path / "a.json", changed("annotations", 0, bbox=[-0.3, 0, 40.6, 20.2]))
    assert coco.read(path).boxes[0].width == 40.6


def test_boxes_are_cut_where_that_is_wished_for(tmp_path: Path) -> None:
    content = changed("annotations", 0, bbox=[31, -4, 20, 12])
    content["annotations"][1]["bbox"] = [70, 0, 5, 5]
    faults = Faults(clip=True)
    labels = coco.read(made.coco_file(tmp_path / "a.json", content), faults)
    assert (faults.found, faults.cut, faults.lost) == ([], 1, 1)
    assert made.places(labels)[0] == ("a.png", "car", 31, 0, 9, 8)
    assert json.loads(coco.text_of(labels))["annotations"][0]["area"] == 72
