"""Generated images beside real ones in one file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from spectra.labels import coco
from spectra.labels.labels import Labels
from spectra.labels.mix import mixed, seen_from
from tests.labels import made


def both(tmp_path: Path) -> tuple[Labels, Labels]:
    real = coco.read(made.coco_file(tmp_path / "real.json"))
    images = [replace(image, extra={**image.extra, "generated": True}) for image in real.images]
    return real, replace(real, images=images)


def test_ids_of_the_real_ones_stay_and_no_id_is_there_twice(tmp_path: Path) -> None:
    real, generated = both(tmp_path)
    labels, notes = mixed(real, generated)
    (tmp_path / "both.json").write_text(
        coco.text_of(
            replace(labels, images=[replace(image, file=f"{place}.png") for place, image in enumerate(labels.images)])
        )
    )
    again = coco.read(tmp_path / "both.json")
    assert [image.id for image in again.images] == [42, 9, 84, 51]
    assert [box.extra["id"] for box in again.boxes] == [900, 12, 13, 901, 902, 903]
    assert [box.image for box in again.boxes] == [42, 9, 9, 84, 51, 51]
    assert [bool(image.extra.get("generated")) for image in again.images] == [False, False, True, True]
    assert notes == ["Ids of generated images were those of real ones: 42 was added to all of the generated."]


def test_ids_that_are_free_stay(tmp_path: Path) -> None:
    real, generated = both(tmp_path)
    labels, notes = mixed(replace(made.labels(), extra=real.extra), generated.of_images({42}))
    assert ([image.id for image in labels.images], notes) == ([1, 2, 3, 42], [])


def test_classes_are_joined_by_name_and_get_free_ids(tmp_path: Path) -> None:
    real, generated = both(tmp_path)
    other = {"car": {"id": 5}, "tree": {"id": 1}, "dog": {"id": 70}}
    named = replace(generated, classes=("car", "tree", "dog"), boxes=[], extra={**real.extra, "categories": other})
    labels, _ = mixed(real, named)
    assert labels.classes == ("car", "person", "bus", "tree", "dog")
    assert coco.category_ids(labels) == {"car": 3, "person": 1, "bus": 8, "tree": 2, "dog": 70}


def test_licences_of_others_are_not_taken_for_those_of_the_real_ones(tmp_path: Path) -> None:
    real, generated = both(tmp_path)
    labels, notes = mixed(real, replace(generated, extra={**generated.extra, "licenses": []}))
    assert [image.extra.get("license") for image in labels.images] == [7, 7, None, None]
    assert any("licences" in note for note in notes)


def test_real_images_are_named_as_seen_from_the_generated_ones(tmp_path: Path) -> None:
    labels = seen_from(made.labels(), tmp_path / "real" / "images", tmp_path / "out" / "images")
    assert labels.images[1].file == "../../real/images/sub/b.png"
    assert json.loads(coco.text_of(labels))["images"][0]["file_name"] == "../../real/images/a.png"
