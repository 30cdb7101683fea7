"""Pascal VOC's XML files: read safely, kept to the last element."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as reference

import pytest

from spectra.errors import DataError
from spectra.labels import voc
from spectra.labels.faults import Faults
from spectra.labels.labels import Image, Labels
from tests.labels import made

BOMB = """<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>
<annotation><filename>&b;</filename></annotation>"""
OUTSIDE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><annotation><filename>&x;</filename></annotation>'


def read(
    folder: Path, files: dict[str, str], clip: bool = False, classes: Path | None = None, first: int = 1
) -> tuple[Labels, Faults]:
    faults = Faults(clip)
    return voc.read(made.put(folder, files), made.IMAGES, faults, classes, first), faults


def told(folder: Path, text: str) -> str:
    _, faults = read(folder, {"a.xml": text})
    assert len(faults.found) <= 1
    return faults.found[0].removeprefix(repr(str(folder / "a.xml"))) if faults.found else ""


def test_the_first_pixel_is_one_and_the_last_is_inside(tmp_path: Path) -> None:
    labels, faults = read(
        tmp_path, {"a.xml": made.xml(made.thing("car", 1, 1, 40, 20) + made.thing("bus", 3, 4, 3, 4))}
    )
    assert (faults.found, labels.classes) == ([], ("bus", "car"))
    assert made.places(labels) == [("a.png", "car", 0, 0, 40, 20), ("a.png", "bus", 2, 3, 1, 1)]
    assert [image.file for image in labels.images] == ["a.png"]


def test_files_that_count_from_zero_are_read_as_edges_where_that_is_said(tmp_path: Path) -> None:
    text = made.xml(made.thing("car", 0, 0, 40, 20))
    assert "counts pixels from 0, and VOC from 1: say --voc-origin 0" in told(tmp_path, text)
    labels, faults = read(tmp_path, {"a.xml": text}, first=0)
    assert (faults.found, made.places(labels)) == ([], [("a.png", "car", 0, 0, 40, 20)])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "is no sound XML: no element found"),
        ("<annotation>\n<size>\n</annotation>", ":3: is no sound XML: mismatched tag"),
        ("<html></html>", ":1: must be an <annotation>, not a <html>"),
        (BOMB, ":1: is no sound XML: a DOCTYPE"),
        (OUTSIDE, "a DOCTYPE, which could declare entities, is not read"),
        ('<?xml version="1.0" encoding="no-such"?><annotation/>', "is no sound XML"),
        ("<a>" * 60 + "</a>" * 60, "more than 50 elements inside one another"),
        (made.xml("", width=20, height=40), ":3: says 20×40, and the image 'a.png' is 40×20; is it turned"),
        (made.xml("", width=41), "says 41×20, and the image 'a.png' is 40×20"),
        ("<annotation></annotation>", "says no size"),
        (made.xml(made.thing("", 1, 1, 2, 2)), ":4: the object has no name"),
        (made.xml(made.thing("car", 1, 1, 2, 2) + made.thing("car", 5, 5, 4, 6)), ":5: the box (4, 4, 0, 2)"),
        (made.xml(made.thing("car", 9, 5, 4, 6)), "has no area"),
        (made.xml(made.thing("car", 1, 1, 42, 6)), "reaches out of its image"),
        (made.xml(made.thing("car", -1, 1, 4, 6)), "reaches out of its image"),
        (made.xml(made.thing("car", 1, 1, "nan", 6)), "no finite number"),
        (made.xml(made.thing("car", 1, 1, "wide", 6)), "its bndbox must have four numbers"),
        (made.xml("<object><name>car</name></object>"), "its bndbox must have four numbers"),
        (made.xml(made.thing("car", 1, 1, 4, 6, extra="<difficult>maybe</difficult>")), "<difficult> must be 0 or 1"),
    ],
)
def test_a_fault_is_told_with_file_and_line(tmp_path: Path, text: str, fault: str) -> None:
    assert fault in told(tmp_path, text)


def test_only_listed_classes_are_known_where_there_is_a_list(tmp_path: Path) -> None:
    listed = made.put(tmp_path, {"classes.txt": "truck\ncar\n"}) / "classes.txt"
    files = {"a.xml": made.xml(made.thing("car", 1, 1, 4, 4) + made.thing("dog", 1, 1, 4, 4))}
    labels, faults = read(tmp_path / "labels", files, classes=listed)
    assert labels.classes == ("truck", "car")
    assert "no class is named 'dog'" in faults.found[0]


def test_what_is_read_is_written_untouched(tmp_path: Path) -> None:
    part = "<part><name>head</name><bndbox><xmin>5</xmin><ymin>6</ymin><xmax>7</xmax><ymax>8</ymax></bndbox></part>"
    extra = "<pose>Left &amp; up</pose><truncated>1</truncated><difficult>1</difficult>" + part
    source = "<source><database>made</database></source><segmented>0</segmented>"
    text = made.xml(made.thing("car", 2.5, 3, 12, 14, extra=extra), extra=source)
    labels, faults = read(tmp_path, {"a.xml": text})
    written = reference.fromstring(dict(voc.files(labels))["labels/a.xml"])
    before = reference.fromstring(text)
    assert faults.found == []
    assert {node.tag: texts(node) for node in written.find("object") or ()} == {
        node.tag: texts(node) for node in before.find("object") or ()
    }
    assert [texts(written.find(tag)) for tag in ("source", "segmented")] == [["", "made"], ["0"]]
    assert (written.findtext("filename"), written.findtext("size/width")) == ("a.png", "40")
    assert labels.boxes[0].crowd


def texts(node: reference.Element | None) -> list[str]:
    return [(one.text or "").strip() for one in node.iter()] if node is not None else []


def test_what_is_written_reads_the_same_and_names_its_image(tmp_path: Path) -> None:
    files = dict(voc.files(made.labels()))
    assert sorted(files) == ["labels/a.xml", "labels/c.xml", "labels/sub/b.xml"]
    root = reference.fromstring(files["labels/sub/b.xml"])
    assert (root.findtext("folder"), root.findtext("filename")) == ("images/sub", "b.png")
    assert [edge.text for edge in reference.fromstring(files["labels/a.xml"]).find("object/bndbox") or ()] == [
        "3",
        "4",
        "12",
        "15",
    ]
    made.put(tmp_path, files)
    again = voc.read(tmp_path / "labels", made.IMAGES, Faults())
    assert made.places(again) == made.places(made.labels())


def test_a_name_that_xml_cannot_hold_is_refused() -> None:
    labels = Labels([Image(1, "a\x01.png", 4, 4)], [], ())
    with pytest.raises(DataError, match="cannot stand in XML"):
        list(voc.files(labels))


def test_boxes_are_cut_where_that_is_wished_for(tmp_path: Path) -> None:
    labels, faults = read(tmp_path, {"a.xml": made.xml(made.thing("car", -4, 1, 90, 6))}, clip=True)
    assert (faults.found, faults.cut) == ([], 1)
    assert made.places(labels) == [("a.png", "car", 0, 0, 40, 6)]
