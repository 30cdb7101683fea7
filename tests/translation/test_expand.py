"""A labelled data set through a model: what its labels become."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

import spectra
from spectra.chain import resolve
from spectra.data.images import read_image, write_image
from spectra.errors import DataError
from spectra.inference import Inference
from spectra.labels import coco
from spectra.labels.class_map import ClassMap
from spectra.labels.faults import Faults
from spectra.labels.labels import Labels
from spectra.labels.open import find, fitted
from spectra.link import Link
from spectra.modalities import Task
from spectra.model import Model
from spectra.model_folder import weights_hash
from spectra.translation.expand import Expanded, expand
from spectra.translation.growth import images_at
from tests.labels.made import places
from tests.translation import labelled
from tests.translation.images import image, tree

PAPER = {"car": ["car", "truck", "bus"]}


def grown(place: Path, format: str = "coco", model: Any = "graydef", **options: Any) -> Expanded:
    labelled.pictures(place / "in")
    return expand(model, place / "in", labelled.files_of(format, place / "given"), place / "out", **options)


def written(out: Path) -> Labels:
    """What was written, read as anybody would."""
    where = find(out / ("labels.json" if (out / "labels.json").exists() else "labels"))
    images = {
        path.relative_to(out / "images").as_posix(): path for path in sorted((out / "images").rglob("*.[pt][ni][gf]"))
    }
    faults = Faults()
    fit = fitted(where, images_at(images, georeference=True), faults)
    assert (faults.found, fit.missing, fit.unlabelled, fit.bare) == ([], [], [], 0)
    return fit.labels


@pytest.mark.parametrize("write", ["coco", "yolo", "voc"])
@pytest.mark.parametrize("format", ["coco", "yolo", "voc"])
def test_every_box_lies_on_the_translated_image_of_the_same_name(tmp_path: Path, format: str, write: str) -> None:
    done = grown(tmp_path, format, write=write)
    spectra.translate("graydef", tmp_path / "in", tmp_path / "alone")
    assert tree(tmp_path / "out" / "images") == tree(tmp_path / "alone")
    for one, other in zip(sorted(places(written(tmp_path / "out"))), sorted(places(labelled.labels())), strict=True):
        assert one[:2] == other[:2]
        assert one[2:] == pytest.approx(other[2:], abs=1e-6)
    assert (len(done.images.written), done.images.failed) == (3, [])
    assert all(path.is_file() for path in done.files)


def test_ids_and_all_words_of_coco_stay_and_images_are_marked(tmp_path: Path) -> None:
    grown(tmp_path)
    before, after = (json.loads((tmp_path / name / "labels.json").read_text()) for name in ("given", "out"))
    assert after["annotations"] == before["annotations"]
    assert after["categories"] == before["categories"]
    assert after["images"] == [{**entry, "generated": True} for entry in before["images"]]


def test_a_jpeg_becomes_a_png_and_its_labels_know(tmp_path: Path) -> None:
    import cv2

    (tmp_path / "in").mkdir()
    cv2.imwrite(str(tmp_path / "in" / "a.jpg"), image(0, size=(8, 9)))
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "a.txt").write_text("0 .5 .5 .5 .5")
    (tmp_path / "labels" / "classes.txt").write_text("car")
    expand("graydef", tmp_path / "in", tmp_path / "labels", tmp_path / "out", write="voc")
    text = (tmp_path / "out" / "labels" / "a.xml").read_text()
    assert "<filename>a.png</filename>" in text and "<depth>1</depth>" in text and "<generated>1</generated>" in text


@pytest.mark.parametrize(("dtype", "depth"), [("uint8", 16), ("uint16", None), ("float32", "float")])
def test_any_depth_goes_through(tmp_path: Path, dtype: str, depth: Any) -> None:
    for place, name in enumerate(("a.tif", "b.tif")):
        (tmp_path / "in").mkdir(exist_ok=True)
        write_image(tmp_path / "in" / name, image(place, dtype=dtype, size=(8, 9)))
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "a.txt").write_text("0 .5 .5 .5 .5")
    (tmp_path / "labels" / "classes.txt").write_text("car")
    expand("graydef", tmp_path / "in", tmp_path / "labels", tmp_path / "out", depth=depth)
    wanted = {"uint8": "uint16"}.get(dtype, dtype)
    assert read_image(tmp_path / "out" / "images" / "a.tif").dtype == wanted


def test_classes_are_merged_and_others_dropped(tmp_path: Path) -> None:
    done = grown(tmp_path, merge=ClassMap({"car": ("car", "truck", "bus")}, drop_others=True))
    assert done.labels.counts() == {"car": 3}
    assert written(tmp_path / "out").counts() == {"car": 3}
    assert "truck         1      –  became car" in done.table
    said = json.loads((tmp_path / "out" / "provenance.json").read_text())
    assert (said["merged"], said["others"]) == (PAPER, "dropped")
    assert said["boxes"]["after"] == {"car": 3}
    with pytest.raises(DataError, match="no class 'cars'"):
        grown(tmp_path / "again", merge={"car": ["cars"]})
    assert not (tmp_path / "again" / "out").exists()


@pytest.mark.parametrize("format", ["coco", "yolo", "voc"])
def test_boxes_follow_the_size_of_the_results(tmp_path: Path, format: str) -> None:
    model = spectra.load("graydef")
    model.inference = Inference(output=(40, 80))
    done = grown(tmp_path, format, model)
    assert read_image(tmp_path / "out" / "images" / "a.png").shape == (40, 80, 1)
    after = {place[:2]: place[2:] for place in places(written(tmp_path / "out"))}
    assert after["a.png", "car"] == pytest.approx((4, 6, 20, 24))
    assert after["sub/b.png", "bus"] == pytest.approx((12.5, 20 * 40 / 48, 37.5, 8 * 40 / 48))
    assert any("brought to the size of the results" in note for note in done.notes)


def test_a_chain_grows_a_set_as_any_model_does(tmp_path: Path) -> None:
    between = {"name": "ir", "channels": 1}
    links = [Link(translator="graydef", target=between), Link(translator="inverse")]
    chain = Model(resolve(links, Task.parse("rgb2ir")), "chain")
    grown(tmp_path, model=chain)
    spectra.translate(chain, tmp_path / "in", tmp_path / "alone")
    assert tree(tmp_path / "out" / "images") == tree(tmp_path / "alone")


def test_the_provenance_says_what_made_it_of_what_and_when(tmp_path: Path) -> None:
    grown(tmp_path)
    said = json.loads((tmp_path / "out" / "provenance.json").read_text())
    assert said["model"]["weights"] == weights_hash(spectra.load("graydef"))
    assert (said["model_given"], said["model"]["translator"], said["model"]["task"]) == ("graydef", "graydef", "rgb2ir")
    assert said["labels_sha256"] == hashlib.sha256((tmp_path / "given" / "labels.json").read_bytes()).hexdigest()
    for entry in said["images"]:
        source = tmp_path / "in" / entry["image"]
        assert (entry["source"], entry["sha256"]) == (str(source), hashlib.sha256(source.read_bytes()).hexdigest())
    assert [entry["image"] for entry in said["images"]] == list(labelled.SIZES)
    assert said["begun"] <= said["finished"]
    assert said["files"]["labels.json"] == hashlib.sha256((tmp_path / "out" / "labels.json").read_bytes()).hexdigest()


def test_faults_of_labels_and_of_their_images_are_told_together_and_nothing_is_written(tmp_path: Path) -> None:
    given = labelled.files_of("coco", tmp_path / "given")
    labelled.pictures(tmp_path / "in")
    labelled.changed(given, "annotations", 0, bbox=[0, 0, -1, 3])
    labelled.changed(given, "annotations", 1, category_id=99)
    labelled.changed(given, "images", 2, width=11)
    write_image(tmp_path / "in" / "more.png", image(0))
    (tmp_path / "in" / "sub" / "b.png").unlink()
    with pytest.raises(DataError) as told:
        expand("graydef", tmp_path / "in", given, tmp_path / "out")
    for part in (
        "5 faults",
        "annotations[0] (id 1): the box (0, 0, -1, 3)",
        "no category has the id 99",
        "says 11×10, and the image 'c.tif' is 10×10",
        "entries of the labels without an image: 1 ('sub/b.png'). --partial leaves them out",
        "images without labels: 1 ('more.png')",
    ):
        assert part in str(told.value)
    assert not (tmp_path / "out").exists()


def test_parts_that_do_not_fit_are_left_out_and_told_where_that_is_wished_for(tmp_path: Path) -> None:
    given = labelled.files_of("coco", tmp_path / "given")
    labelled.pictures(tmp_path / "in")
    write_image(tmp_path / "in" / "more.png", image(0))
    (tmp_path / "in" / "sub" / "b.png").unlink()
    done = expand("graydef", tmp_path / "in", given, tmp_path / "out", partial=True)
    assert [image.file for image in written(tmp_path / "out").images] == ["a.png", "c.tif"]
    assert done.notes[:2] == [
        "Left out, entries of the labels without an image: 1 ('sub/b.png').",
        "Left out, images without labels: 1 ('more.png').",
    ]
    said = json.loads((tmp_path / "out" / "provenance.json").read_text())
    assert said["left_out"] == {"without_image": ["sub/b.png"], "without_labels": ["more.png"], "failed": {}}


def test_boxes_are_cut_where_that_is_wished_for(tmp_path: Path) -> None:
    given = labelled.files_of("coco", tmp_path / "given")
    labelled.pictures(tmp_path / "in")
    labelled.changed(given, "annotations", 0, bbox=[30, 3, 20, 12])
    done = expand("graydef", tmp_path / "in", given, tmp_path / "out", clip=True)
    assert places(written(tmp_path / "out"))[0][2:] == (30, 3, 10, 12)
    assert "1 boxes reached out of their images, and were cut at the edge." in done.notes


@pytest.mark.parametrize("write", ["coco", "yolo", "voc"])
def test_an_image_that_fails_has_no_labels(tmp_path: Path, write: str) -> None:
    labelled.pictures(tmp_path / "in")
    whole = (tmp_path / "in" / "sub" / "b.png").read_bytes()
    (tmp_path / "in" / "sub" / "b.png").write_bytes(whole[:-40])
    (tmp_path / "in" / "c.tif").write_bytes(b"")
    given = labelled.files_of("coco", tmp_path / "given")
    done = expand("graydef", tmp_path / "in", given, tmp_path / "out", write=write)
    assert sorted(path.name for path, _ in done.images.failed) == ["b.png", "c.tif"]
    assert {place[0] for place in places(written(tmp_path / "out"))} == {"a.png"}
    (tmp_path / "in" / "sub" / "b.png").write_bytes(whole)
    again = expand("graydef", tmp_path / "in", given, tmp_path / "out", write=write)
    assert [path.name for path, _ in again.images.failed] == ["c.tif"]
    assert {place[0] for place in places(written(tmp_path / "out"))} == {"a.png", "sub/b.png"}


def test_an_image_of_yolo_without_a_file_is_one_without_boxes(tmp_path: Path) -> None:
    labelled.pictures(tmp_path / "in")
    given = labelled.files_of("yolo", tmp_path / "given")
    (given / "c.txt").unlink()
    done = expand("graydef", tmp_path / "in", given, tmp_path / "out")
    assert "1 images have no label file, which in YOLO means that nothing is on them." in done.notes
    assert (tmp_path / "out" / "labels" / "c.txt").read_text() == ""


def test_results_of_other_work_in_the_source_are_left_out_and_told(tmp_path: Path) -> None:
    labelled.pictures(tmp_path / "in")
    spectra.translate("inverse", tmp_path / "in", tmp_path / "in" / "inverted")
    done = expand("graydef", tmp_path / "in", labelled.files_of("coco", tmp_path / "given"), tmp_path / "out")
    assert len(done.labels.images) == 3
    assert any("inverted' holds results of `spectra translate`, and was left out." in note for note in done.notes)


def test_files_that_count_from_zero(tmp_path: Path) -> None:
    labelled.pictures(tmp_path / "in")
    given = labelled.files_of("voc", tmp_path / "given")
    for path in given.rglob("*.xml"):
        path.write_text(re.sub(r"<([xy])min>(\d+)", lambda it: f"<{it[1]}min>{int(it[2]) - 1}", path.read_text()))
    done = expand("graydef", tmp_path / "in", given, tmp_path / "out", write="coco", first_pixel=0)
    assert sorted(places(done.labels)) == sorted(places(labelled.labels()))


@pytest.mark.parametrize("format", ["coco", "yolo"])
def test_real_images_can_be_in_the_same_file_where_that_is_said(tmp_path: Path, format: str) -> None:
    labelled.pictures(tmp_path / "real" / "images")
    real = labelled.files_of(format, tmp_path / "real" / "given")
    grown(tmp_path, merge=PAPER, mix=real, mix_images=tmp_path / "real" / "images")
    read = coco.read(tmp_path / "out" / "labels.json")
    assert len(read.images) == 6 and read.counts()["car"] == 6
    for shown in read.images:
        assert (tmp_path / "out" / "images" / shown.file).is_file()
        assert bool(shown.extra.get("generated")) == (not shown.file.startswith("../"))
    real_places = [place for place in places(read) if place[0].startswith("../../real/images/")]
    merged = {"truck": "car", "bus": "car"}
    wanted = [(f"../../real/images/{it[0]}", merged.get(it[1], it[1]), *it[2:]) for it in places(labelled.labels())]
    for one, other in zip(sorted(real_places), sorted(wanted), strict=True):
        assert one[:2] == other[:2]
        assert one[2:] == pytest.approx(other[2:])
    assert tree(tmp_path / "real" / "images") == tree(labelled.pictures(tmp_path / "same"))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"mix": "given/labels.json", "write": "yolo"}, "add --write coco"),
        ({"mix_images": "in"}, "--mix must say where their labels are"),
        ({"mix": "given/labels"}, "Say --mix-images DIR"),
        ({"mix": "given/labels.json"}, "holds no image"),
        ({"write": "kitti"}, "no format of labels 'kitti'"),
        ({"merge": {"car": ["bus"]}}, "Name it, too: car=car,bus"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    labelled.files_of("voc", tmp_path / "given")
    with pytest.raises(DataError, match=told):
        grown(Path(), **options)
    assert not Path("out").exists()


def test_faults_of_the_real_ones_are_told_too(tmp_path: Path) -> None:
    labelled.pictures(tmp_path / "real")
    real = labelled.files_of("coco", tmp_path / "real")
    labelled.changed(real, "annotations", 0, bbox=[0, 0, 0, 0])
    (tmp_path / "real" / "c.tif").write_bytes(b"")
    with pytest.raises(DataError, match=r"2 faults[\s\S]*c.tif': is a real image that cannot be read[\s\S]*no area"):
        grown(tmp_path, mix=real)
